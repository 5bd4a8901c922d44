"""What every client sent and saw and what the tables hold, held against the invariants.

A no acknowledged message lost; B no turn doubled; C `seq` total and gapless; D a stale
`$disconnect` deactivates no newer connection; E no cross-user read; G gap-only replay (I4);
H every message ends in a turn or an error.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from bot.answers import Frame
from bot.models import ConversationKey, Turn
from bot.ports import ConversationStore
from bot.tail import ENDED


@dataclass
class History:
    """A run. `sent` counts the times a message of a user was sent; `frames` is what users got."""

    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    frames: list[tuple[str, Frame]] = field(default_factory=list)
    resumed: list[tuple[int, list[int], int]] = field(default_factory=list)
    open: set[tuple[str, str]] = field(default_factory=set)
    active: set[tuple[str, str]] = field(default_factory=set)

    def send(self, user: str, frame: Mapping[str, Any]) -> None:
        """Note a client's frame."""
        if frame.get("action") == "message":
            self.sent[user, frame["messageId"]] += 1

    def got(self, user: str, frames: Iterable[Frame]) -> None:
        """Note what reached a client."""
        self.frames += [(user, frame) for frame in frames]

    def resume(self, after: int, frames: Iterable[Frame], head: int) -> None:
        """Note the answer to a `resume`, and the head there was."""
        seqs = [turn["seq"] for frame in frames for turn in frame.get("turns", ())]
        self.resumed.append((after, seqs, head))


def table(store: ConversationStore, key: ConversationKey) -> list[Turn]:
    """The live turns that the table holds."""
    found: list[Turn] = []
    page = store.following(key, 0, 1_000)
    while True:
        found += page.turns
        if page.exhausted:
            break
        page = store.following(key, found[-1].seq, 1_000)
    return [turn for turn in found if turn.status not in ENDED]


def violations(
    history: History, tables: Mapping[str, list[Turn]], answered: bool = True
) -> list[str]:
    """All that is wrong with a run of one conversation a user, each with its invariant's letter."""
    return [
        *_lost(history, tables),
        *_doubled(tables),
        *_gaps(tables),
        *_dropped(history),
        *_leaked(history),
        *_replayed(history),
        *(_unanswered(history) if answered else ()),
    ]


def _acknowledged(history: History) -> list[tuple[str, Frame]]:
    return [(user, frame) for user, frame in history.frames if frame["type"] == "turn"]


def _lost(history: History, tables: Mapping[str, list[Turn]]) -> Iterable[str]:
    for user, frame in _acknowledged(history):
        shown = frame["turn"]
        kept = {turn.message_id: turn for turn in tables.get(user, ())}
        turn = kept.get(shown["messageId"])
        if turn is None:
            yield f"A: {shown['messageId']} was acknowledged and is not in the table"
        elif (turn.seq, turn.text) != (shown["seq"], shown["text"]):
            yield f"A: {shown['messageId']} was acknowledged as another turn"


def _doubled(tables: Mapping[str, list[Turn]]) -> Iterable[str]:
    for turns in tables.values():
        for message_id, count in Counter(turn.message_id for turn in turns).items():
            if count > 1:
                yield f"B: {message_id} made {count} turns"


def _gaps(tables: Mapping[str, list[Turn]]) -> Iterable[str]:
    for turns in tables.values():
        if [turn.seq for turn in turns] != list(range(1, len(turns) + 1)):
            yield f"C: the log is {[turn.seq for turn in turns]}"
        for before, turn in pairwise(turns):
            # Parrot counts in its state: a turn made from another snapshot than its neighbour's.
            if turn.state.get("count", 0) != before.state.get("count", 0) + 1:
                yield f"C: turn {turn.seq} was not made from turn {before.seq}"


def _dropped(history: History) -> Iterable[str]:
    for user, connection in sorted(history.open - history.active):
        yield f"D: {connection} of {user} is open and not active"


def _leaked(history: History) -> Iterable[str]:
    for user, frame in history.frames:
        for turn in [*frame.get("turns", ()), *([frame["turn"]] if "turn" in frame else [])]:
            if history.sent[user, turn["messageId"]] == 0:
                yield f"E: {user} saw {turn['messageId']}"


def _replayed(history: History) -> Iterable[str]:
    for after, seqs, head in history.resumed:
        if seqs != list(range(after + 1, head + 1)):
            yield f"G: resume after {after} of {head} brought {seqs}"


def _unanswered(history: History) -> Iterable[str]:
    answered = {
        (user, frame["turn"]["messageId"] if "turn" in frame else frame.get("messageId"))
        for user, frame in history.frames
        if frame["type"] in ("turn", "error")
    }
    for each in history.sent:
        if each not in answered:
            yield f"H: {each[1]} of {each[0]} was never answered"
