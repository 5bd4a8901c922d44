"""An opened connection on its socket: 101, then frames, until the socket is gone."""

import asyncio

from aiohttp import web
from websockets.utils import accept_key

from local_gateway.data_plane.opening import Opened
from local_gateway.data_plane.plane import DataPlane
from local_gateway.http.wire import Wire
from local_gateway.websocket.closing import LOST


async def carry(
    request: web.BaseRequest, key: str, plane: DataPlane, opened: Opened
) -> web.StreamResponse:
    """Answer 101 and carry the connection to its end, which the data plane is told of."""
    connection, end = opened.connection, LOST
    response = _switching(key, opened.subprotocol)
    try:
        await response.prepare(request)
        transport = request.transport
        if isinstance(transport, asyncio.Transport):
            wire = Wire(plane, connection, transport)
            connection.link = wire
            request.protocol.keep_alive(False)
            # aiohttp asks no more of a parser than feed_data and feed_eof.
            request.protocol.set_parser(wire)  # type: ignore[arg-type]
            end = await wire.ended
    except ConnectionError:
        pass
    finally:
        plane.closed(connection, end)
    return response


def _switching(key: str, subprotocol: str | None) -> web.StreamResponse:
    # No Sec-WebSocket-Extensions: permessage-deflate is declined.
    response = web.StreamResponse(status=101)
    response.headers["Upgrade"] = "websocket"
    response.headers["Connection"] = "upgrade"
    response.headers["Sec-WebSocket-Accept"] = accept_key(key)
    if subprotocol is not None:
        response.headers["Sec-WebSocket-Protocol"] = subprotocol
    return response
