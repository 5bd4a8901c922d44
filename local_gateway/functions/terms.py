"""On what terms an invocation runs."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Terms:
    """An invocation's id, the seconds it waits for an environment at most, and its worker's end.

    ``killed_after`` so many seconds the worker is killed, as chance may have it.
    """

    request_id: str = ""
    patience: float | None = None
    killed_after: float | None = None

    @contextlib.contextmanager
    def killing(self, kill: Callable[[], None]) -> Iterator[None]:
        """Call ``kill`` when the time has come, unless the block has ended by then."""
        if self.killed_after is None:
            yield
            return
        timer = asyncio.get_running_loop().call_later(self.killed_after, kill)
        try:
            yield
        finally:
            timer.cancel()


AT_EASE = Terms()
