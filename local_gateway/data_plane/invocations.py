"""Functions at work: waited for as long as an integration may take, and left to finish."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol

from local_gateway.errors import FunctionFailed
from local_gateway.websocket.api import MAX_INTEGRATION_SECONDS, Authorizer, Route
from local_gateway.websocket.events import Event

log = logging.getLogger("local_gateway")


class Invoke(Protocol):
    """Runs functions; owned by the data plane, served by the function pools."""

    async def __call__(self, function: str, event: Event) -> Any:
        """Return what the function returned; raise FunctionFailed where it gave no result."""


class Invocations:
    """All work that goes on beside the sockets; it knows when it has come to rest."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def busy(self) -> bool:
        """Whether any invocation is running or waiting to."""
        return bool(self._tasks)

    async def result(self, target: Route | Authorizer, event: Event) -> Any:
        """Invoke and wait no longer than the integration may; the function runs on past that.

        Raises FunctionFailed, and TimeoutError where the function is too slow.
        """
        task = self.spawn(self._invoke(target.function, event))
        seconds = min(target.timeout, MAX_INTEGRATION_SECONDS)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise TimeoutError
        return task.result()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Start ``work`` at once and keep it until it has ended."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def settle(self, seconds: float) -> None:
        """Wait up to ``seconds`` for what is running, then give the rest up."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in list(self._tasks):
            task.cancel()

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        failure = task.exception()
        if failure is not None and not isinstance(failure, FunctionFailed):
            log.error("unexpected %s: %s", type(failure).__name__, failure)
