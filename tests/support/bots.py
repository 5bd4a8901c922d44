"""Bots that tests talk to."""

from collections.abc import Callable

from bot.models import Message, Reply, Snapshot

Answering = Callable[[Snapshot, Message], Reply]


class Parrot:
    """Repeats, with the message's id, the head it saw, and a count that rests in the state."""

    def reply(self, snapshot: Snapshot, message: Message) -> Reply:
        """See the port."""
        count = int(snapshot.state.get("count", 0)) + 1
        return Reply(f"{count}: {message.text}", {"count": count, "head": snapshot.head})


class Scripted:
    """Does what a test's function says, and remembers what it was asked."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.asked: list[tuple[Snapshot, Message]] = []

    def reply(self, snapshot: Snapshot, message: Message) -> Reply:
        """See the port."""
        self.asked.append((snapshot, message))
        return self._answering(snapshot, message)
