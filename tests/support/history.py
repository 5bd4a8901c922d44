"""What every client of a run sent and saw, in order: what `tests.support.invariants` judges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from bot.models import ConversationKey, Turn
from bot.ports import ConversationStore
from bot.turn_log.tail import MARKS, is_seal
from bot.wire.answers import Frame

Tables = Mapping[ConversationKey, list[Turn]]
"""The live turns of every conversation of a run."""

Row = tuple[str, str]
"""A row of the ConnectionsTable: user and connection."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a client did or saw. `what` is `sent`, `got`, `opened`, `closed`, `resumed`,
    `shown`, `knocked`, `served` or `logged`."""

    number: int
    what: str
    user: str
    client: str
    frame: Frame

    def __str__(self) -> str:
        who = f"{self.user[:12]} {self.client}".strip()
        return f"{self.number}. {who} {self.what} {str(self.frame)[:300]}"


class History:
    """A run, as it is recorded: from any thread, in the order in which it was seen."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.active: set[Row] | None = None
        """The rows that were active when the run had ended; None where nobody looked."""
        self.persons: dict[str, str] = {}
        """Whom a guest has turned out to be."""
        self.secrets: set[str] = set()
        self.unspoken: set[str] = set()
        """What no log may hold: what users say."""
        self.settled = True
        """Whether every message has had the time to be answered."""
        self._lock = Lock()

    def send(self, user: str, frame: Frame, client: str = "") -> None:
        """A client is about to send a frame, or API Gateway delivers it again."""
        self._note("sent", user, client, frame)

    def got(self, user: str, frames: Iterable[Frame], client: str = "") -> None:
        """Frames have reached a client."""
        for frame in frames:
            self._note("got", user, client, frame)

    def opened(self, user: str, client: str) -> None:
        """A client's handshake has succeeded."""
        self._note("opened", user, client, {})

    def closed(self, user: str, client: str) -> None:
        """A client's connection is no more."""
        self._note("closed", user, client, {})

    def resume(self, user: str, after: int, frames: Iterable[Frame], head: int) -> None:
        """A gap was asked for; there were turns up to `head`."""
        seqs = [turn["seq"] for frame in frames for turn in frame.get("turns", ())]
        self._note("resumed", user, "", {"after": after, "head": head, "seqs": seqs})

    def shows(self, user: str, client: str, conversation_id: str, turns: Iterable[Frame]) -> None:
        """What a device shows of a conversation in the end."""
        frame = {"conversationId": conversation_id, "turns": list(turns)}
        self._note("shown", user, client, frame)

    def knocked(self, *, good: bool, status: int) -> None:
        """A handshake with a good or a bad credential was answered."""
        self._note("knocked", "", "", {"good": good, "status": status})

    def served(self, *, well: bool, grown: int = 0, bound: int = 0) -> None:
        """The next good client was served, or not; what took the faults grew by so many bytes."""
        self._note("served", "", "", {"well": well, "grown": grown, "bound": bound})

    def logged(self, lines: str) -> None:
        """A function has logged."""
        self._note("logged", "", "", {"lines": lines})

    def person(self, user: str) -> str:
        """Who is behind a user id."""
        return self.persons.get(user, user)

    def _note(self, what: str, user: str, client: str, frame: Frame) -> None:
        with self._lock:
            self.events.append(Event(len(self.events), what, user, client, frame))


def table(store: ConversationStore, key: ConversationKey) -> list[Turn]:
    """The live turns that the table holds: none under a seal, though they are still there."""
    found: list[Turn] = []
    page = store.following(key, 0, 1_000)
    while True:
        found += page.turns
        if page.exhausted:
            break
        page = store.following(key, found[-1].seq, 1_000)
    if found and is_seal(found[-1]):
        return []
    return [turn for turn in found if turn.status not in MARKS]


def live_rows(connections: Any, users: Iterable[str]) -> set[Row]:
    """The rows of users that say they are active."""
    return {(user, each.connection_id) for user in users for each in connections.active(user)}
