"""Misbehaviour on request, seeded: what API Gateway does on its bad days, reproducibly.

Every kind draws from its own generator, so the n-th decision of a kind is the same in every run
with that seed, whatever the other kinds do and however often.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from local_gateway.errors import StartupError

# Each kind, and the most seconds it takes where it takes any.
KINDS: Mapping[str, float] = {
    "lose_disconnect": 0.0,  # $disconnect is never invoked
    "delay_disconnect": 60.0,  # $disconnect is invoked up to so many seconds late
    "duplicate_disconnect": 0.0,  # $disconnect is invoked twice
    "duplicate": 0.0,  # a message is invoked twice, at once
    "reorder": 0.5,  # a message is held back up to so many seconds; later ones overtake it
    "fail": 0.0,  # the message's function is not run; the client gets the error frame
    "fail_after": 0.0,  # the function runs, yet the client gets the error frame
    "slow": 2.0,  # a message waits exactly so many seconds before its function runs
    "half_open": 5.0,  # within so many seconds the client's network is gone; posts still return 200
    "duplicate_event": 0.0,  # an asynchronous event is delivered 2 or 3 times
    "delay_event": 10.0,  # a delivery of one comes up to so many seconds late
    "kill_worker": 10.0,  # a delivery's worker is killed within so many seconds, if still at it
}


@dataclass(frozen=True)
class Misbehaviour:
    """How likely a kind is, and its seconds."""

    probability: float
    seconds: float


@dataclass(frozen=True)
class MessagePlan:
    """What befalls one message."""

    delay: float = 0.0
    copies: int = 1
    fail: bool = False
    fail_after: bool = False


@dataclass(frozen=True)
class DisconnectPlan:
    """What befalls one ``$disconnect``; no copy means that it is lost."""

    delay: float = 0.0
    copies: int = 1


@dataclass
class Faults:
    """Decides, message by message; with no kinds given, nothing ever goes wrong."""

    kinds: Mapping[str, Misbehaviour] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        self._generators = {kind: random.Random(f"{self.seed}:{kind}") for kind in KINDS}

    @classmethod
    def parse(cls, text: str, seed: int = 0) -> "Faults":
        """Read ``kind=probability[:seconds],…``; raise StartupError on what cannot be read."""
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        return cls(dict(_kind(entry) for entry in entries), seed)

    def for_message(self) -> MessagePlan:
        """Decide what befalls the next message."""
        delay = self._some_seconds("reorder") + self._all_seconds("slow")
        copies = 2 if self._happens("duplicate") else 1
        return MessagePlan(delay, copies, self._happens("fail"), self._happens("fail_after"))

    def for_disconnect(self) -> DisconnectPlan:
        """Decide what befalls the next ``$disconnect``."""
        delay = self._some_seconds("delay_disconnect")
        copies = 2 if self._happens("duplicate_disconnect") else 1
        return DisconnectPlan(delay, 0 if self._happens("lose_disconnect") else copies)

    def for_event(self) -> list[float]:
        """Decide for the next asynchronous event the seconds by which each delivery is late."""
        copies = 1
        if self._happens("duplicate_event"):
            copies = self._generators["duplicate_event"].choice((2, 3))
        return [self._some_seconds("delay_event") for _ in range(copies)]

    def kill_after(self) -> float | None:
        """Decide for an asynchronous delivery after how many seconds its worker dies, if ever."""
        return self._moment("kill_worker")

    def half_open_after(self) -> float | None:
        """Decide for a new connection after how many seconds its network is gone, if ever."""
        return self._moment("half_open")

    def _happens(self, kind: str) -> bool:
        misbehaviour = self.kinds.get(kind)
        if misbehaviour is None:
            return False
        return self._generators[kind].random() < misbehaviour.probability

    def _moment(self, kind: str) -> float | None:
        if not self._happens(kind):
            return None
        return self._generators[kind].uniform(0, self.kinds[kind].seconds)

    def _some_seconds(self, kind: str) -> float:
        return self._generators[kind].uniform(0, self._all_seconds(kind)) if self.kinds else 0.0

    def _all_seconds(self, kind: str) -> float:
        return self.kinds[kind].seconds if self._happens(kind) else 0.0


def _kind(entry: str) -> tuple[str, Misbehaviour]:
    kind, _, figures = entry.partition("=")
    if kind not in KINDS:
        raise StartupError(f"--faults: unknown kind {kind!r}; known: {', '.join(KINDS)}")
    probability, _, seconds = figures.partition(":")
    try:
        misbehaviour = Misbehaviour(float(probability), float(seconds or KINDS[kind]))
    except ValueError:
        raise StartupError(f"--faults: {entry!r} is not kind=probability[:seconds]") from None
    if not 0 <= misbehaviour.probability <= 1 or misbehaviour.seconds < 0:
        raise StartupError(
            f"--faults: {entry!r} wants a probability of 0 to 1, seconds of 0 or more"
        )
    return kind, misbehaviour
