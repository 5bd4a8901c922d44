"""The environments of one function: as many as invocations run at once, up to a bound."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from local_gateway.errors import FunctionFailed
from local_gateway.functions.environment import Environment
from local_gateway.functions.function import Function
from local_gateway.functions.terms import AT_EASE, Terms

# A start costs a laptop a whole core; more at once only make each slower.
MAX_STARTING = 2
IDLE_SECONDS = 300.0


@dataclass(eq=False)
class Pool:
    """Lends environments; an invocation gets the first that is free, the newest used first."""

    function: Function
    create: Callable[[Function], Environment]
    bound: int = 8
    _idle: list[tuple[Environment, float]] = field(default_factory=list)
    _waiters: "deque[asyncio.Future[Environment]]" = field(default_factory=deque)
    _all: set[Environment] = field(default_factory=set)
    _tasks: "set[asyncio.Task[None]]" = field(default_factory=set)
    _starting: int = 0
    _generation: int = 0
    _stopped: bool = False

    async def invoke(self, body: bytes, terms: Terms = AT_EASE) -> bytes:
        """Run one invocation in the first environment that is free.

        Raises FunctionFailed, and TimeoutError where none was free in time.
        """
        environment = await asyncio.wait_for(self._acquire(), terms.patience)
        try:
            with terms.killing(environment.kill):
                return await environment.invoke(terms.request_id or str(uuid.uuid4()), body)
        finally:
            self._release(environment)

    async def prewarm(self) -> None:
        """Have one environment ready; raise FunctionFailed where it does not start."""
        if not self._all and not self._starting:
            environment = await self._acquire()
            self._release(environment)

    async def retire(self) -> None:
        """Let running invocations finish; those that follow get new environments."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for environment in self._all:
            environment.retired = True
        await asyncio.gather(*(self._drop(environment) for environment, _ in idle))

    def reap(self) -> None:
        """Stop environments that have idled too long, all but the one used last."""
        spare = self._idle[:-1]
        for entry in spare:
            if time.monotonic() - entry[1] >= IDLE_SECONDS:
                self._idle.remove(entry)
                self._run(self._drop(entry[0]))

    async def stop(self) -> None:
        """Stop everything; what waits or runs fails."""
        self._stopped = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(FunctionFailed("Gateway.Stopped", "the gateway stops"))
        await asyncio.gather(*(self._drop(environment) for environment in list(self._all)))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _acquire(self) -> Environment:
        if self._stopped:
            raise FunctionFailed("Gateway.Stopped", "the gateway stops")
        while self._idle:
            environment, _ = self._idle.pop()
            if environment.alive:
                return environment
            self._run(self._drop(environment))
        waiter: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._grow()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._release(waiter.result())
            raise

    def _grow(self) -> None:
        waiting = sum(not waiter.done() for waiter in self._waiters)
        while (
            waiting > self._starting
            and self._starting < MAX_STARTING
            and len(self._all) < self.bound
            and not self._stopped
        ):
            self._starting += 1
            environment = self.create(self.function)
            self._all.add(environment)
            self._run(self._start(environment, self._generation))

    async def _start(self, environment: Environment, generation: int) -> None:
        try:
            await environment.start()
        except Exception as failure:
            self._starting -= 1
            self._all.discard(environment)
            if generation == self._generation:
                self._fail(failure)
            self._grow()
            return
        self._starting -= 1
        self._release(environment)
        self._grow()

    def _release(self, environment: Environment) -> None:
        if environment.retired or self._stopped or not environment.alive:
            self._run(self._drop(environment))
            self._grow()
            return
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(environment)
                return
        self._idle.append((environment, time.monotonic()))

    def _fail(self, failure: Exception) -> None:
        if not isinstance(failure, FunctionFailed):
            failure = FunctionFailed(type(failure).__name__, str(failure))
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(failure)
                return

    async def _drop(self, environment: Environment) -> None:
        self._all.discard(environment)
        await environment.stop()
        self._grow()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
