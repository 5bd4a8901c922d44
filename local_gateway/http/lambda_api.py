"""Lambda's Invoke API for the functions that the gateway runs.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import json
import re
import uuid
from dataclasses import dataclass

from aiohttp import web

from local_gateway.asynchronous.queue import EventQueue, Runs
from local_gateway.errors import FunctionFailed
from local_gateway.functions.failures import answer_of
from local_gateway.functions.function import LATEST, Function
from local_gateway.functions.terms import Terms
from local_gateway.http.body import read_at_most
from local_gateway.http.signature import signed

PREFIX = "2015-03-31"
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_SYNCHRONOUS_BYTES = 6 * 1024 * 1024
MAX_ASYNCHRONOUS_BYTES = 1024 * 1024
_LIMITS = {
    "RequestResponse": MAX_SYNCHRONOUS_BYTES,
    "Event": MAX_ASYNCHRONOUS_BYTES,
    "DryRun": MAX_SYNCHRONOUS_BYTES,
}
_PATH = re.compile(r"functions/([^/]{1,170})/invocations")
_NAME = re.compile(
    r"(?P<scope>(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:)?(?:[0-9]{12}:)?(?:function:)?)"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)
_NOT_SIGNED = "MissingAuthenticationTokenException"


class Refused(Exception):
    """A call that gets an error; ``status``, ``kind`` and message in Lambda's form."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


@dataclass(frozen=True)
class LambdaApi:
    """Answers calls of Invoke; an asynchronous one once its event is kept."""

    functions: Runs
    queue: EventQueue

    async def answer(self, request: web.BaseRequest, path: str) -> web.Response:
        """Answer one call; ``path`` is what follows the API's version, already unquoted."""
        try:
            if not signed(request):
                raise Refused(403, _NOT_SIGNED, "Missing Authentication Token")
            called = _PATH.fullmatch(path)
            if called is None or request.method != "POST":
                raise Refused(404, "UnknownOperationException", "Invoke alone is served here")
            function = self._find(called[1], request.query.get("Qualifier", ""))
            return await self._invoke(function, request)
        except Refused as refused:
            return _error(refused)

    def _find(self, reference: str, qualifier: str) -> Function:
        """Return the function of a name, a partial ARN or an ARN, qualified or not."""
        read = _NAME.fullmatch(reference)
        found = self.functions.find(read["name"]) if read else None
        # Of another account or region there is nothing here.
        if not read or not found or not found.arn.endswith(read["scope"] + read["name"]):
            raise Refused(404, "ResourceNotFoundException", "Function not found")
        wanted = {read["qualifier"], qualifier} - {None, ""}
        if len(wanted) > 1:
            raise Refused(400, "InvalidParameterValueException", "The qualifiers do not agree")
        if not wanted <= found.qualifiers:
            raise Refused(404, "ResourceNotFoundException", "Function not found: no such qualifier")
        return found

    async def _invoke(self, function: Function, request: web.BaseRequest) -> web.Response:
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind not in _LIMITS:
            raise Refused(400, "InvalidParameterValueException", "No such InvocationType")
        event = await _event(request, _LIMITS[kind])
        if kind == "DryRun":
            return web.Response(status=204, headers=_headers(str(uuid.uuid4())))
        if kind == "Event":
            request_id = self.queue.accept(function.name, event)
            return web.Response(status=202, headers=_headers(request_id))
        return await self._wait_for(function, event)

    async def _wait_for(self, function: Function, event: bytes) -> web.Response:
        request_id = str(uuid.uuid4())
        headers = {**_headers(request_id), "X-Amz-Executed-Version": LATEST}
        try:
            answer = await self.functions.run(function.name, event, Terms(request_id))
        except FunctionFailed as failure:
            answer = json.dumps(answer_of(failure)).encode()
            headers["X-Amz-Function-Error"] = "Unhandled"
        return web.Response(body=answer, headers=headers, content_type="application/json")


async def _event(request: web.BaseRequest, limit: int) -> bytes:
    """Return the event, an empty one where there is no body."""
    body = await read_at_most(request, limit)
    if body is None:
        raise Refused(413, "RequestTooLargeException", f"More than {limit} bytes")
    try:
        json.loads(body.decode() or "{}", parse_constant=_no_json)
    except (ValueError, RecursionError):
        raise Refused(
            400, "InvalidRequestContentException", "Could not parse request body into json"
        ) from None
    return body or b"{}"


def _no_json(constant: str) -> None:
    """Refuse NaN and the infinities, which Python reads."""
    raise ValueError


def _headers(request_id: str) -> dict[str, str]:
    return {"x-amzn-RequestId": request_id}


def _error(refused: Refused) -> web.Response:
    headers = {**_headers(str(uuid.uuid4())), "x-amzn-ErrorType": refused.kind}
    body = json.dumps({"Type": "User", "Message": str(refused)})
    return web.Response(
        status=refused.status, text=body, headers=headers, content_type="application/json"
    )
