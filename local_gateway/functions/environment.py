"""One execution environment: a worker process and the Runtime API that it asks for work."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from aiohttp import web

from local_gateway.api import Function
from local_gateway.errors import FunctionFailed, FunctionTimedOut

# Lambda gives an init 10 seconds; a laptop that starts several at once gets more.
INIT_SECONDS = 30.0
# Lambda's limit on a synchronous answer.
MAX_ANSWER_BYTES = 6 * 1024 * 1024
_BOOT = Path(__file__).with_name("boot.py")
_PREFIX = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Invocation:
    """One event on its way to a function."""

    request_id: str
    body: bytes
    answer: "asyncio.Future[bytes]"
    deadline: float


class Environment:
    """A worker process that runs one invocation at a time."""

    def __init__(
        self, function: Function, variables: Mapping[str, str], log: Path | None = None
    ) -> None:
        self.function = function
        self.retired = False
        self._variables = variables
        self._log = log
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = loop.create_future()
        self._ready.add_done_callback(_retrieve)
        self._current: Invocation | None = None
        # The worker may ask for work before there is some, or only after.
        self._next_work: asyncio.Queue[Invocation] = asyncio.Queue(1)
        self._process: asyncio.subprocess.Process | None = None
        self._listener: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None
        # A worker that is gone must not leave its long poll waiting for ever.
        self._server = web.Server(self._answer, handler_cancellation=True)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the worker and wait until it asks for work; raise FunctionFailed if it does not."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, "127.0.0.1", 0)
        port = self._listener.sockets[0].getsockname()[1]
        await self._spawn({**self._variables, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"})
        self._watch = asyncio.create_task(self._watch_process())
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), INIT_SECONDS)
        except TimeoutError:
            await self.stop()
            raise FunctionFailed("Sandbox.Timedout", "its start took too long") from None
        except BaseException:
            await self.stop()
            raise

    async def _spawn(self, variables: Mapping[str, str]) -> None:
        output: IO[Any] | None = None
        if self._log is not None:
            output = self._log.open("ab")
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(_BOOT),
                self.function.handler,
                cwd=self.function.code_dir,
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C in the terminal is for the gateway, which stops its workers in order.
                start_new_session=os.name == "posix",
            )
        finally:
            if output is not None:
                output.close()

    async def invoke(self, request_id: str, body: bytes) -> bytes:
        """Run one invocation; raise FunctionFailed, and FunctionTimedOut past the Timeout."""
        seconds = self.function.timeout
        loop = asyncio.get_running_loop()
        invocation = Invocation(request_id, body, loop.create_future(), time.time() + seconds)
        invocation.answer.add_done_callback(_retrieve)
        self._current = invocation
        self._next_work.put_nowait(invocation)
        if not self.alive:
            await self.stop()
            raise FunctionFailed("Runtime.ExitError", "its process had ended")
        try:
            return await asyncio.wait_for(asyncio.shield(invocation.answer), seconds)
        except TimeoutError:
            await self.stop()
            raise FunctionTimedOut(seconds) from None
        except asyncio.CancelledError:
            self.retired = True  # it is still at work for nobody
            raise
        finally:
            self._current = None

    async def stop(self) -> None:
        """Kill the worker and close its API."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._listener is not None:
            self._listener.close()
        # A moment only; and 0 would wait for ever.
        await self._server.shutdown(timeout=0.01)
        if self._watch is not None and self._watch is not asyncio.current_task():
            await self._watch

    async def _watch_process(self) -> None:
        assert self._process is not None
        code = await self._process.wait()
        failure = FunctionFailed("Runtime.ExitError", f"its process ended with {_said(code)}")
        if not self._ready.done():
            self._ready.set_exception(failure)
        if self._current is not None and not self._current.answer.done():
            self._current.answer.set_exception(failure)

    # The Runtime API

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path.removeprefix(_PREFIX)
        if request.method == "GET" and path == "/invocation/next":
            return await self._next()
        if request.method == "POST" and path == "/init/error":
            failure = _reported(await request.content.read())
            if not self._ready.done():
                self._ready.set_exception(failure)
            return web.json_response({"status": "OK"}, status=202)
        current = self._current
        if request.method == "POST" and current is not None:
            body = await request.content.read()
            if path == f"/invocation/{current.request_id}/response":
                _settle(current, _checked(body))
                return web.json_response({"status": "OK"}, status=202)
            if path == f"/invocation/{current.request_id}/error":
                _settle(current, _reported(body))
                return web.json_response({"status": "OK"}, status=202)
        return web.json_response({"errorType": "InvalidRequestID"}, status=400)

    async def _next(self) -> web.Response:
        if not self._ready.done():
            self._ready.set_result(None)
        invocation = await self._next_work.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(round(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.function.arn,
            "Content-Type": "application/json",
        }
        return web.Response(body=invocation.body, headers=headers)


def _settle(invocation: Invocation, outcome: "bytes | FunctionFailed") -> None:
    if invocation.answer.done():
        return
    if isinstance(outcome, FunctionFailed):
        invocation.answer.set_exception(outcome)
    else:
        invocation.answer.set_result(outcome)


def _checked(body: bytes) -> "bytes | FunctionFailed":
    if len(body) > MAX_ANSWER_BYTES:
        return FunctionFailed("Function.ResponseSizeTooLarge", f"it answered {len(body)} bytes")
    return body


def _reported(body: bytes) -> FunctionFailed:
    try:
        report = json.loads(body)
        kind, reason = str(report["errorType"]), str(report["errorMessage"])
        trace = report.get("stackTrace") or []
    except (ValueError, KeyError, TypeError, AttributeError):
        return FunctionFailed("Runtime.Unknown", "it failed without saying why")
    return FunctionFailed(kind, reason, _place(trace))


def _place(trace: list[Any]) -> str:
    """Return file and line of the innermost frame of a reported trace."""
    lines = [str(entry).strip().splitlines()[0] for entry in trace if str(entry).strip()]
    innermost = lines[-1] if lines else ""
    return innermost.removeprefix("File ").replace('"', "").rpartition(", in ")[0]


def _said(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _retrieve(future: "asyncio.Future[Any]") -> None:
    # A failure that nobody waited for any more is no news.
    if not future.cancelled():
        future.exception()
