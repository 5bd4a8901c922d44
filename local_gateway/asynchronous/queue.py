"""The queue between an asynchronous invocation and its function, as Lambda keeps one."""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from local_gateway.asynchronous.event import RETRY_WAITS, QueuedEvent
from local_gateway.asynchronous.event_files import EventFiles
from local_gateway.asynchronous.reports import Reports
from local_gateway.clock import Clock
from local_gateway.errors import FunctionFailed
from local_gateway.faults import Faults
from local_gateway.functions.failures import answer_of
from local_gateway.functions.function import AsyncSettings, Function
from local_gateway.functions.terms import Terms

log = logging.getLogger("local_gateway")


class Runs(Protocol):
    """Runs functions; owned by the queue, served by the function pools."""

    def find(self, name: str) -> Function | None:
        """Return the function of that name."""

    async def run(self, function: str, event: bytes, terms: Terms) -> bytes:
        """Return the answer; raise FunctionFailed, or TimeoutError where none was free in time."""


@dataclass
class EventQueue:
    """Delivers every event it accepts at least once, whatever happens to the gateway meanwhile."""

    functions: Runs
    files: EventFiles
    reports: Reports
    clock: Clock
    faults: Faults = field(default_factory=Faults)
    waits: Sequence[float] = RETRY_WAITS

    def __post_init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False

    @property
    def busy(self) -> bool:
        """Whether any event is running or waiting to."""
        return bool(self._tasks)

    def accept(self, function: str, body: bytes) -> str:
        """Take an event, which is kept from here on; return the request's id."""
        request_id, now = str(uuid.uuid4()), self.clock.now()
        text = body.decode()
        copies = [
            QueuedEvent(f"{request_id}.{number}", request_id, function, text, now, now + late)
            for number, late in enumerate(self.faults.for_event())
        ]
        for event in copies:
            self.files.put(event)
        for event in copies:
            self._spawn(event)
        return request_id

    def resume(self) -> None:
        """Go on with what an earlier gateway accepted; what it was at comes again at once."""
        found = self.files.all()
        if found:
            log.info("Going on with %d asynchronous events", len(found))
        for event in found:
            self._spawn(event)

    async def settle(self, seconds: float) -> None:
        """Start no more; wait up to ``seconds`` for what is running. The rest stays kept."""
        self._stopping = True
        for task in self._tasks - self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)
        rest = set(self._tasks)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        kept = len(self.files.all())
        if kept:
            log.info("%d asynchronous events are kept for the next start", kept)

    def _spawn(self, event: QueuedEvent) -> None:
        if self._stopping:
            return  # it is kept
        task = asyncio.create_task(self._deliver(event))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            log.error("unexpected %s in an asynchronous event", type(failure).__name__)

    async def _deliver(self, event: QueuedEvent) -> None:
        """Try until it succeeds or is given up, then forget it."""
        function = self.functions.find(event.function)
        if function is None:
            log.error("An asynchronous event is dropped: its function is gone")
            self.files.remove(event)
            return
        while (why := await self._turn_of(event, function.asynchronous)) is None:
            try:
                answer = await self._run(function, event)
            except FunctionFailed as failure:
                if self._stopping:
                    return  # perhaps for no fault of its own; it is kept, and comes again
                event = self._tried_in_vain(function, event, failure)
            except TimeoutError:
                continue  # it waited for an environment until it was too old
            else:
                event = replace(event, attempts=event.attempts + 1)
                await self.reports.succeeded(function, event, answer)
                break
        if why:
            await self.reports.given_up(function, event, why)
        self.files.remove(event)

    async def _turn_of(self, event: QueuedEvent, settings: AsyncSettings) -> str | None:
        """Wait until an event is due; return why it is given up, None where it is to be tried."""
        while (wait := event.wakes(settings) - self.clock.now()) > 0:
            await asyncio.sleep(wait)
        return event.given_up(settings, self.clock.now())

    async def _run(self, function: Function, event: QueuedEvent) -> bytes:
        task = asyncio.current_task()
        assert task is not None
        # A throttled event waits, which is no attempt.
        patience = event.accepted + function.asynchronous.max_age - self.clock.now()
        terms = Terms(event.request_id, patience, self.faults.kill_after())
        self._running.add(task)
        try:
            return await self.functions.run(function.name, event.body.encode(), terms)
        finally:
            self._running.discard(task)

    def _tried_in_vain(
        self, function: Function, event: QueuedEvent, failure: FunctionFailed
    ) -> QueuedEvent:
        now = self.clock.now()
        event = event.failed(answer_of(failure), now, self.waits)
        self.files.put(event)
        retries = function.asynchronous.max_retries
        if event.attempts <= retries:
            log.info(
                "%s gets the event again in %g s (retry %d of %d)",
                function.logical_id,
                event.due - now,
                event.attempts,
                retries,
            )
        return event
