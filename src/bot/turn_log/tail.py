"""The newest part of a conversation's log, as a function last saw it.

What a log may hold besides live turns, and what a reader makes of it:
- expired turns, which DynamoDB removes days late: never shown, but numbering goes on from them;
- a seal (status `deleted`, not completed, or `moved`): the conversation is being deleted, or moved
  to another user; nothing of it is shown, and nothing is written until that is done;
- tombstones (status `deleted`, completed): what a deletion leaves behind for a while, so that a
  writer with an old tail finds its place taken (docs/adr/0003-deletion.md). Never shown. What was
  the seal of a move still says where to;
- a fork's root (status `forked`, at `seq` 1): the first turns are in another conversation's log
  (bot/turn_log/lineage.py reads on there). Never shown; numbering goes on from what it stands for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import limits
from bot.models import ConversationKey, Origin, Positions, Snapshot, Status, Turn
from bot.turn_log.epochs import new_epoch

MAX_AGE = timedelta(minutes=5)
"""How long a tail may be appended to after it was last confirmed. A deletion keeps the place of
every younger turn taken, so no writer with an old tail can revive a deleted conversation."""

ENDED = frozenset({Status.DELETED, Status.MOVED})
"""What says that a log has ended."""

MARKS = ENDED | {Status.FORKED}
"""What is no turn that anyone may see."""

KNOWN_IDS = 2_000
"""Message ids that a tail remembers beyond its turns, to tell a resend without a look."""


@dataclass(frozen=True, slots=True)
class Tail:
    """`turns` are the newest live ones, ascending, of which the last alone keeps its state: a bot
    asks for no other, and memory is bounded. `known` maps message ids to `seq`.

    Every live turn after `complete_after` is in `known`; `deep` where that goes back as far as
    `limits.RESEND_TURNS`. `newest` may have expired. Read with a `seal` there is nothing else.
    `buried` is the latest epoch that tombstones are of. `moved_to` is where the latest life of the
    conversation went that was moved away, so far as that is still known. `awaiting` where a reply
    was being written behind it when it was last seen.
    """

    confirmed_at: datetime
    epoch: str = ""
    head: int = 0
    turns: tuple[Turn, ...] = ()
    known: Mapping[str, int] = field(default_factory=dict)
    complete_after: int = 0
    deep: bool = False
    seal: Turn | None = None
    newest: Turn | None = None
    buried: str = ""
    moved_to: ConversationKey | None = None
    awaiting: bool = False

    @property
    def pending(self) -> Turn | None:
        """The newest turn, while its reply is still being written."""
        return self.turns[-1] if self.turns and self.turns[-1].is_pending else None

    def settled(self) -> "Tail":
        """The tail before a reply that is still being written: what can be gone on from later.

        It is `awaiting`: something stands behind it, so nothing may be written before a look.
        """
        if not self.pending:
            return self
        before = self.turns[:-1]
        return replace(
            self,
            head=self.pending.seq - 1,
            turns=before,
            known={name: seq for name, seq in self.known.items() if seq != self.pending.seq},
            newest=before[-1] if before else None,
            awaiting=True,
        )

    def snapshot(self, now: datetime, suffix: str) -> Snapshot:
        """What the bot sees; a new epoch with `suffix` where nothing lives of an earlier one.

        Numbering goes on from expired turns, but not their epoch: DynamoDB removes them in any
        order, so that a `seq` may be given again.
        """
        if self.turns:
            return Snapshot(self.epoch, self.head, self.turns)
        return Snapshot(new_epoch(now, max(self.buried, self.epoch), suffix), self.head, ())

    @property
    def positions(self) -> Positions:
        """What has been seen of each source in this life of the conversation."""
        return self.newest.positions if self.newest and self.turns else {}

    def expiry(self, now: datetime, retention: timedelta) -> int:
        """When the next turn expires, in seconds since 1970: never before the one it follows.

        Where the newest were gone before older ones, its `seq` would be given again in one epoch.
        """
        least = self.newest.expires_at if self.newest and self.turns else 0
        return max(int((now + retention).timestamp()), least)

    def usable(self, now: datetime) -> bool:
        """Whether it may still be appended to."""
        fresh = now - self.confirmed_at < MAX_AGE
        expiring = self.newest is not None and expired(self.newest, now + MAX_AGE)
        return fresh and not expiring

    def follow(self, turn: Turn, confirmed_at: datetime) -> "Tail | None":
        """The tail with `turn` behind it; None if that is not the next turn of the same epoch."""
        if turn.seq != self.head + 1 or turn.status in MARKS:
            return None
        if self.epoch not in ("", turn.epoch):
            return None
        return self.advance(turn, confirmed_at)

    def advance(self, turn: Turn, confirmed_at: datetime) -> "Tail":
        """The tail after `turn`, the next of the same log, was written."""
        known = {**self.known, turn.message_id: turn.seq}
        complete_after = self.complete_after
        while len(known) > KNOWN_IDS:
            oldest = next(iter(known))
            complete_after = max(complete_after, known.pop(oldest))
        return replace(
            self,
            confirmed_at=confirmed_at,
            epoch=turn.epoch,
            head=turn.seq,
            turns=_newest([*self.turns, turn]),
            known=known,
            complete_after=complete_after,
            newest=turn,
            awaiting=False,
        )


def read_tail(descending: Iterable[Turn], exhausted: bool, now: datetime) -> Tail:
    """Make sense of the newest items of a log, given in descending `seq`.

    `exhausted`: there are no older items than those given.
    """
    found = list(descending)
    tombstones = [turn for turn in found if is_tombstone(turn)]
    buried = max((turn.epoch for turn in tombstones), default="")
    moved_to = _moved_to(tombstones)
    items = [turn for turn in found if not is_tombstone(turn)]
    if not items:
        return Tail(now, buried=buried, moved_to=moved_to)
    newest = items[0]
    if is_seal(newest):
        return Tail(now, seal=newest, moved_to=newest.moved_to or moved_to)
    live = [
        lapsed(turn, now) for turn in items if turn.epoch == newest.epoch and _is_live(turn, now)
    ]
    live.reverse()
    return Tail(
        confirmed_at=now,
        epoch=newest.epoch,
        head=max(newest.origin.seq, 1) if newest.origin else newest.seq,
        turns=_newest(live),
        known={turn.message_id: turn.seq for turn in live},
        complete_after=0 if exhausted else items[-1].seq - 1,
        newest=None if newest.origin else newest,
        buried=buried,
        moved_to=moved_to,
    )


def _moved_to(tombstones: list[Turn]) -> ConversationKey | None:
    moved = [turn for turn in tombstones if turn.moved_to]
    return max(moved, key=lambda turn: turn.epoch).moved_to if moved else None


def _newest(turns: list[Turn]) -> tuple[Turn, ...]:
    kept = turns[-limits.NEWEST_TURNS :]
    # A reply that is still being written is made from the state before it.
    last = 2 if kept and kept[-1].is_pending else 1
    older = tuple(replace(turn, state={}) if turn.state else turn for turn in kept[:-last])
    return older + tuple(kept[-last:])


def _is_live(turn: Turn, now: datetime) -> bool:
    return turn.status not in MARKS and not expired(turn, now)


def expired(turn: Turn, now: datetime) -> bool:
    """Whether the turn's time is over, though DynamoDB may not have removed it yet."""
    return turn.expires_at <= now.timestamp()


def lapsed(turn: Turn, now: datetime) -> Turn:
    """The turn as it may be shown now. One that has lapsed keeps its place, and nothing it said:
    without it the log would have a gap, or its `seq` would be given again."""
    if not turn.lapses_at or turn.lapses_at > now.timestamp():
        return turn
    return replace(turn, reply="", content="")


def is_seal(turn: Turn) -> bool:
    """Whether this hides a log that is being deleted or moved."""
    return turn.status in ENDED and turn.completed_at is None


def is_tombstone(turn: Turn) -> bool:
    """Whether this is what a finished deletion left behind."""
    return turn.status is Status.DELETED and turn.completed_at is not None


def is_root(turn: Turn) -> bool:
    """Whether a fork begins with this: what came before it is in another log."""
    return turn.status is Status.FORKED


def origin_of(root: Turn) -> Origin:
    """What a root stands for."""
    if root.origin is None:
        raise ValueError("this root leads nowhere")
    return root.origin
