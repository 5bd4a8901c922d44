"""The Lambda Runtime API: where one worker asks for work and leaves its answers.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from local_gateway.errors import FunctionFailed
from local_gateway.functions.failures import reported

# Lambda's limit on a synchronous answer.
MAX_ANSWER_BYTES = 6 * 1024 * 1024
_PREFIX = "/2018-06-01/runtime"

Answer = asyncio.Future[bytes]


@dataclass(frozen=True)
class Invocation:
    """One event on its way to the worker, to be answered within ``seconds``."""

    request_id: str
    body: bytes
    seconds: float
    answer: Answer = field(default_factory=lambda: _future())
    began: float = field(default_factory=time.time)

    @property
    def deadline_ms(self) -> int:
        # Rounded down, as the runtime rounds its clock: else more would remain than there was.
        return int((self.began + self.seconds) * 1000)


class RuntimeApi:
    """Serves one worker, on a free loopback port; ``ready`` once the worker asks for work."""

    def __init__(self, function_arn: str) -> None:
        self._arn = function_arn
        self.ready: asyncio.Future[None] = _future()
        self._current: Invocation | None = None
        # The worker may ask for work before there is some, or only after.
        self._next_work: asyncio.Queue[Invocation] = asyncio.Queue(1)
        # A worker that is gone must not leave its long poll waiting for ever.
        self._server = web.Server(self._answer, handler_cancellation=True)
        self._listener: asyncio.Server | None = None

    async def listen(self) -> str:
        """Start to listen; return host and port."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, "127.0.0.1", 0)
        host, port = self._listener.sockets[0].getsockname()
        return f"{host}:{port}"

    def hand_out(self, invocation: Invocation) -> None:
        """Give the worker its next work, and take answers to this alone."""
        self._current = invocation
        self._next_work.put_nowait(invocation)

    def fail(self, failure: FunctionFailed) -> None:
        """Fail the start or the invocation that is waited for: the worker will not answer."""
        if not self.ready.done():
            self.ready.set_exception(failure)
        if self._current is not None and not self._current.answer.done():
            self._current.answer.set_exception(failure)

    async def close(self) -> None:
        """Stop serving."""
        if self._listener is not None:
            self._listener.close()
        # A moment only; and 0 would wait for ever.
        await self._server.shutdown(timeout=0.01)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path.removeprefix(_PREFIX)
        if request.method == "GET" and path == "/invocation/next":
            return await self._next()
        if request.method == "POST" and await self._taken(path, request):
            return web.json_response({"status": "OK"}, status=202)
        return web.json_response({"errorType": "InvalidRequestID"}, status=400)

    async def _next(self) -> web.Response:
        if not self.ready.done():
            self.ready.set_result(None)
        invocation = await self._next_work.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Content-Type": "application/json",
        }
        return web.Response(body=invocation.body, headers=headers)

    async def _taken(self, path: str, request: web.BaseRequest) -> bool:
        """Take what the worker posts; False where nobody waits for it."""
        current = self._current
        body = await request.content.read()
        if path == "/init/error":
            _settle(self.ready, reported(body))
        elif current is not None and path == f"/invocation/{current.request_id}/error":
            _settle(current.answer, reported(body))
        elif current is not None and path == f"/invocation/{current.request_id}/response":
            if len(body) > MAX_ANSWER_BYTES:
                _settle(current.answer, _too_large(body))
            elif not current.answer.done():
                current.answer.set_result(body)
        else:
            return False
        return True


def _settle(waiting: "asyncio.Future[None] | Answer", failure: FunctionFailed) -> None:
    if not waiting.done():
        waiting.set_exception(failure)


def _too_large(body: bytes) -> FunctionFailed:
    return FunctionFailed("Function.ResponseSizeTooLarge", f"it answered {len(body)} bytes")


def _future() -> "asyncio.Future[Any]":
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    # A failure that nobody waited for any more is no news.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future
