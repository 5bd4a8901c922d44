"""Removing what the deletion of conversations leaves of a user, and telling what stays.

What may still be needed by somebody is removed only where it is needed by nobody: the row of a
connection once that has ended, the entry of a conversation behind which nothing lives, the note of
a fork that leads nowhere any more. Tombstones stay, for a day: they say nothing, and keep late
writers out.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from bot.models import ConversationKey
from bot.ports import ConversationStore
from bot.turn_log.log import Log
from bot.turn_log.tail import is_root, origin_of
from bot.user_data.holdings import START, Held, Kind, Place
from bot.user_data.ports import Holdings

STEP = 500
"""Things read at a time: what is left is small."""


@dataclass(frozen=True, slots=True)
class Remains:
    """What is there still: `staying` for a while (how much of a kind, and until when at the latest,
    in seconds since 1970), `open` that must go yet, and `newer` than the erasure."""

    staying: Mapping[Kind, tuple[int, int]]
    open: Mapping[Kind, int]
    newer: Mapping[Kind, int]

    @property
    def lasting(self) -> bool:
        """Whether another run would find nothing to do now."""
        return not self.open


class _Fate(Enum):
    GONE = auto()
    STAYS = auto()
    OPEN = auto()
    NEWER = auto()


class Sweeping:
    """Goes through a user's partitions."""

    def __init__(
        self,
        store: ConversationStore,
        holdings: Holdings,
        log: Log,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._holdings = holdings
        self._log = log
        self._clock = clock

    def run(
        self, user_id: str, since: datetime, until: datetime, removed: Counter[Kind]
    ) -> Remains | None:
        """Remove what nobody needs, counting it in `removed`; what remains, None where there was
        no time to see it all."""
        counts: dict[_Fate, Counter[Kind]] = {fate: Counter() for fate in _Fate}
        last: dict[Kind, int] = {}
        place: Place | None = START
        while place:
            shown = self._holdings.behind(user_id, place, STEP)
            for held in shown.things:
                if self._clock() >= until:
                    return None
                fate = self._treat(user_id, held, since)
                counts[fate][held.kind] += 1
                if fate is _Fate.STAYS:
                    last[held.kind] = max(last.get(held.kind, 0), held.expires_at or 0)
            place = shown.following
        removed.update(counts[_Fate.GONE])
        staying = {kind: (count, last[kind]) for kind, count in counts[_Fate.STAYS].items()}
        return Remains(staying, counts[_Fate.OPEN], counts[_Fate.NEWER])

    def _treat(self, user_id: str, held: Held, since: datetime) -> _Fate:
        if held.kind is Kind.TOMBSTONE:
            return _Fate.STAYS
        if held.kind is Kind.CONNECTION and held.contents["active"]:
            return _age(held, "connectedAt", since)
        if held.kind is Kind.CONVERSATION:
            return self._forget_conversation(_conversation(user_id, held), held, since)
        if held.kind is Kind.FORK:
            return self._forget_fork(_conversation(user_id, held), held)
        if held.kind in (Kind.TURN, Kind.ROOT):
            return _age(held, "createdAt", since)
        if held.kind is Kind.SEAL:
            return _Fate.OPEN
        self._holdings.remove(user_id, held.place)
        return _Fate.GONE

    def _forget_conversation(self, key: ConversationKey, held: Held, since: datetime) -> _Fate:
        tail = self._log.read(key, 1)
        if tail.seal:
            return _Fate.OPEN
        if tail.turns and tail.epoch == held.contents["epoch"]:
            return _age(held, "createdAt", since)
        self._store.forget_conversation(key, held.contents["epoch"])
        return _Fate.GONE

    def _forget_fork(self, key: ConversationKey, held: Held) -> _Fate:
        fork = ConversationKey(key.user_id, held.contents["fork"])
        root = self._store.turn(fork, 1)
        if root and is_root(root):
            origin = origin_of(root)
            if origin.seq and origin.conversation_id == key.conversation_id:
                return _Fate.NEWER
        self._store.forget_fork(key, fork)
        return _Fate.GONE


def _conversation(user_id: str, held: Held) -> ConversationKey:
    return ConversationKey(user_id, held.contents["conversationId"])


def _age(held: Held, born: str, since: datetime) -> _Fate:
    is_new = datetime.fromisoformat(held.contents[born]) >= since
    return _Fate.NEWER if is_new else _Fate.OPEN
