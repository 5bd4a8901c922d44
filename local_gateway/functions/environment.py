"""One execution environment: a worker process that runs one invocation at a time."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local_gateway.errors import FunctionFailed, FunctionTimedOut
from local_gateway.functions.failures import exited
from local_gateway.functions.function import Function
from local_gateway.functions.runtime_api import Invocation, RuntimeApi

# Lambda gives an init 10 seconds; a laptop that starts several at once gets more.
INIT_SECONDS = 30.0
_BOOT = Path(__file__).with_name("boot.py")


class Environment:
    """A worker of one function; its output goes to ``log``, or to the terminal without one."""

    def __init__(
        self,
        function: Function,
        variables: Mapping[str, str],
        log: Path | None = None,
        python: str = sys.executable,
    ) -> None:
        self.function = function
        self.retired = False
        self._variables = variables
        self._log = log
        self._python = python
        self._api = RuntimeApi(function.arn)
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the worker and wait until it asks for work; raise FunctionFailed if it does not."""
        address = await self._api.listen()
        self._process = await self._spawn({**self._variables, "AWS_LAMBDA_RUNTIME_API": address})
        self._watch = asyncio.create_task(self._watch_process(self._process))
        try:
            await asyncio.wait_for(asyncio.shield(self._api.ready), INIT_SECONDS)
        except TimeoutError:
            await self.stop()
            raise FunctionFailed("Sandbox.Timedout", "its start took too long") from None
        except BaseException:
            await self.stop()
            raise

    async def invoke(self, request_id: str, body: bytes) -> bytes:
        """Run one invocation; raise FunctionFailed, and FunctionTimedOut past the Timeout."""
        seconds = self.function.timeout
        invocation = Invocation(request_id, body, seconds)
        self._api.hand_out(invocation)
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

    def kill(self) -> None:
        """Kill the worker, as chance may; what it runs fails."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def stop(self) -> None:
        """Kill the worker and close its API."""
        self.kill()
        if self._process is not None:
            await self._process.wait()
        await self._api.close()
        if self._watch is not None and self._watch is not asyncio.current_task():
            await self._watch

    async def _spawn(self, variables: Mapping[str, str]) -> asyncio.subprocess.Process:
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(self._log.open("ab")) if self._log else None
            return await asyncio.create_subprocess_exec(
                self._python,
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

    async def _watch_process(self, process: asyncio.subprocess.Process) -> None:
        self._api.fail(exited(await process.wait()))
