"""What a history says of messages and turns."""

from dataclasses import dataclass
from typing import NamedTuple

from bot.wire.answers import Frame
from tests.support.history import Event, History


class Sent(NamedTuple):
    """A message: whose, and which."""

    person: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A turn, as a client was shown it."""

    event: Event
    person: str
    epoch: str
    turn: Frame

    @property
    def message(self) -> Sent:
        """The message it answers."""
        return Sent(self.person, self.turn["messageId"])

    @property
    def seq(self) -> int:
        """Its place in the conversation."""
        seq: int = self.turn["seq"]
        return seq

    @property
    def place(self) -> tuple[str, int]:
        """Its place in all conversations."""
        return self.epoch, self.seq

    @property
    def end(self) -> tuple[str, str]:
        """How it has ended."""
        return self.turn["reply"], self.turn["status"]

    @property
    def has_ended(self) -> bool:
        """Whether its reply is whole."""
        return bool(self.turn["status"] != "pending")


def sent_messages(history: History) -> dict[Sent, list[Event]]:
    """Every message, with the times it was sent."""
    sent: dict[Sent, list[Event]] = {}
    for event in history.events:
        if event.what == "sent" and event.frame.get("action") == "message":
            message = Sent(history.person(event.user), event.frame["messageId"])
            sent.setdefault(message, []).append(event)
    return sent


def turns_seen(history: History) -> list[Seen]:
    """Every turn that any client was shown, each time it was."""
    return [
        Seen(event, history.person(event.user), event.frame["epoch"], turn)
        for event in history.events
        if event.what == "got"
        for turn in [
            *event.frame.get("turns", ()),
            *([event.frame["turn"]] if "turn" in event.frame else []),
        ]
    ]
