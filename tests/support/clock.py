"""Time and ids as tests want them: settable, and the same on every run."""

from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Lock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, **span: float) -> None:
        """Move on by `timedelta(**span)`."""
        self._now += timedelta(**span)


class Ids:
    """Ids that no one else has."""

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._numbers = count(1)
        self._lock = Lock()

    def __call__(self) -> str:
        with self._lock:
            return f"{self._prefix}{next(self._numbers)}"
