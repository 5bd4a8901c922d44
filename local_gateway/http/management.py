"""The @connections API: POST, GET, DELETE, with API Gateway's errors."""

import json

from aiohttp import web

from local_gateway.clock import iso8601
from local_gateway.data_plane.connection import Connection
from local_gateway.data_plane.plane import DataPlane
from local_gateway.http.body import read_at_most
from local_gateway.http.signature import signed
from local_gateway.websocket.frames import MAX_MESSAGE_BYTES

_ERRORS = {
    403: "ForbiddenException",
    410: "GoneException",
    413: "PayloadTooLargeException",
    429: "LimitExceededException",
}


async def answer(
    request: web.BaseRequest, plane: DataPlane, connection_id: str
) -> web.StreamResponse:
    """Answer one call for the connection of that (already unquoted) id."""
    if not signed(request):
        return _error(403)
    if request.method == "POST":
        return await _post(request, plane, connection_id)
    if request.method == "GET":
        found = plane.look_up(connection_id)
        return _error(410) if found is None else _described(found)
    if request.method == "DELETE":
        status = plane.delete(connection_id)
        return _error(status) if status in _ERRORS else web.Response(status=status)
    return _error(403)


async def _post(request: web.BaseRequest, plane: DataPlane, connection_id: str) -> web.Response:
    body = await read_at_most(request, MAX_MESSAGE_BYTES)
    if body is None:
        return _error(413)
    # Text frames are UTF-8: what is not cannot be sent as it is.
    status = plane.post(connection_id, body.decode(errors="replace"))
    return _error(status) if status in _ERRORS else web.Response(status=status)


def _described(connection: Connection) -> web.Response:
    identity = {"sourceIp": connection.facts.handshake.source_ip}
    agent = connection.facts.handshake.user_agent
    description = {
        "connectedAt": iso8601(connection.facts.connected_at),
        "lastActiveAt": iso8601(connection.last_active),
        "identity": identity if agent is None else {**identity, "userAgent": agent},
    }
    return web.json_response(description)


def _error(status: int) -> web.Response:
    body = json.dumps({"message": None if status == 410 else _ERRORS[status]})
    headers = {"x-amzn-ErrorType": _ERRORS[status]}
    return web.Response(status=status, text=body, headers=headers, content_type="application/json")
