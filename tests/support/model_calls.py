"""What tests of bots on models need of the conversation around them."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any

from bot.models import Author, Message, Outcome, Snapshot, State, Status, Turn, Usage

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Attempt:
    """A `bot.ports.Call` of which `seconds` are left, always."""

    key = "epoch#7"

    def __init__(self, seconds: float = 100.0) -> None:
        self.seconds = seconds
        self.usage: Usage | None = None
        self._closers: list[Callable[[], object]] = []

    def seconds_left(self) -> float:
        """See the port."""
        return self.seconds

    def on_stop(self, close: Callable[[], object]) -> None:
        """See the port."""
        self._closers.append(close)

    def used(self, usage: Usage) -> None:
        """See the port."""
        self.usage = usage

    def stop(self) -> None:
        """Nobody wants any more."""
        for close in self._closers:
            close()


def spoken(seq: int, text: str, reply: str, state: State | None = None) -> Turn:
    """A turn that is done."""
    return Turn(
        seq=seq,
        epoch="epoch",
        message_id=f"m{seq}",
        author=Author.USER if text else Author.BACKEND,
        text=text,
        reply=reply,
        state=state or {},
        status=Status.DONE,
        created_at=NOON,
        completed_at=NOON,
        owner="owner",
        expires_at=0,
    )


def conversation(*said: tuple[str, str], state: State | None = None) -> Snapshot:
    """A conversation of these messages and replies, which left `state`."""
    count = len(said)
    turns = tuple(
        spoken(seq, text, reply, state if seq == count else None)
        for seq, (text, reply) in enumerate(said, 1)
    )
    return Snapshot("epoch", count, turns)


def message(text: str) -> Message:
    """A new message."""
    return Message("new", text, NOON)


def heard(stream: Generator[str, None, Any]) -> tuple[list[str], Outcome]:
    """All pieces of a reply, and its outcome."""
    pieces: list[str] = []
    outcome = yield_all(stream, pieces)
    assert isinstance(outcome, Outcome)
    return pieces, outcome


def yield_all(stream: Generator[str, None, Any], into: list[str]) -> Any:
    """Put all pieces of a reply there; what it returns."""
    while True:
        try:
            into.append(next(stream))
        except StopIteration as end:
            return end.value
