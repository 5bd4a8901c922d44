"""A pushed message makes one turn, by the same conditional write that all turns are made by.

It has a `reply` alone, and the bot's state goes on unchanged through it. Exactly once: by its id,
as a user's message is, and by its position, for as long as the conversation lives.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import limits
from bot.conversations import Conversations
from bot.errors import BadRequest, Busy, StillWriting, TooLarge
from bot.lifecycle.deletion import Deletion
from bot.models import Author, ConversationKey, State, Status, Turn
from bot.ports import ConversationStore, ReplyStarter, TurnLog
from bot.push import positions
from bot.push.pushes import Push
from bot.replies.ordering import Ordering
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from bot.turn_log.tail import Tail
from bot.turns.pace import Pace
from bot.turns.turns import Taken

MAX_ATTEMPTS = 100
"""Races that one push may lose before it is given back."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push. `fresh` when its turn was made just now, after `previous`; where it
    was made before, `turn` is None if it is not at hand, and `newest` says that none is newer."""

    turn: Turn | None
    fresh: bool
    newest: bool = False
    races: int = 0
    previous: Turn | None = None


@dataclass(frozen=True, slots=True)
class Pushing:
    """Appends pushed messages to conversations."""

    store: TurnLog
    log: Log
    deletion: Deletion
    ordering: Ordering
    conversations: Conversations
    cache: TailCache
    pace: Pace
    retention: timedelta
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    pause: Callable[[int], None]

    def push(self, push: Push) -> Pushed:
        """Find the turn of this push, or make it.

        Raises BadRequest where its id was used for something else, TooLarge where the bot's state
        would be; StillWriting while a reply is being written, Busy while the conversation is being
        deleted or moved, or after too many lost races: it may be pushed again. StoreUnavailable.
        """
        owner = self.new_id()
        remembered = self.cache.get(push.key, self.clock())
        if remembered and self._is_new_to(push, remembered):
            pushed = self._append(push, remembered, owner, races=0)
            if pushed:
                return pushed
        return self._push(push, owner, self._read(push, remembered))

    def note(self, push: Push, pushed: Pushed) -> None:
        """Keep the list of conversations up to date, as turns do: a user who was never there finds
        in it what was only ever pushed. Who comes again may have died before it was noted."""
        if pushed.turn and (pushed.fresh or pushed.newest):
            self.conversations.note(push.key, Taken(pushed.turn, pushed.fresh, 0, pushed.previous))

    def _is_new_to(self, push: Push, tail: Tail) -> bool:
        """Whether what is remembered is enough to append to it at once. What it has to say against
        that is not said before it is certain."""
        return not tail.awaiting and _is_covered(push, tail) and not _is_known(push, tail)

    def _push(self, push: Push, owner: str, tail: Tail) -> Pushed:
        """Find the turn or make it, however many others write at once; `tail` was just read."""
        key = push.key
        for races in range(MAX_ATTEMPTS):
            if tail.seal:
                self._finish(key, tail.seal)
                tail = self.log.read(key)
            if not _is_covered(push, tail):
                tail = self.log.read_deep(key)
            if tail.seal:
                continue
            if _is_known(push, tail):
                self.cache.put(key, tail)
                return self._found(push, tail)
            if tail.pending:
                self.cache.put(key, tail)
                self.ordering.look_after(key, tail.pending)
                raise StillWriting(tail.pending)
            pushed = self._append(push, tail, owner, races)
            if pushed:
                return pushed
            self.pause(races)
            tail = self.log.catch_up(key, tail)
        self.cache.forget(key)
        raise Busy("Too many messages at once.")

    def _read(self, push: Push, remembered: Tail | None) -> Tail:
        if remembered and _is_covered(push, remembered):
            return self.log.catch_up(push.key, remembered)
        return self.log.read_deep(push.key) if push.message_id else self.log.read(push.key)

    def _found(self, push: Push, tail: Tail) -> Pushed:
        seq = tail.known.get(push.message_id) if push.message_id else None
        if seq is not None:
            turn = self.log.turn(push.key, tail.epoch, seq)
            if turn:
                _check_same(push, turn)
        else:
            stands = (turn for turn in tail.turns if turn.position == push.position)
            turn = next(stands, None)
        return Pushed(turn, fresh=False, newest=turn is not None and turn.seq == tail.head)

    def _append(self, push: Push, tail: Tail, owner: str, races: int) -> Pushed | None:
        """Write the turn; None where another writer was first."""
        turn = self._turn(push, tail, owner)
        winner = self.store.append(push.key, turn)
        # A retried write that had been applied meets itself.
        if winner and winner.owner != owner:
            return None
        self.cache.put(push.key, tail.advance(turn, self.clock()))
        return Pushed(turn, fresh=True, newest=True, races=races, previous=tail.newest)

    def _turn(self, push: Push, tail: Tail, owner: str) -> Turn:
        now = self.clock()
        snapshot = tail.snapshot(now, suffix=owner)
        expires_at = tail.expiry(now, self.retention)
        lapses_at = (now + push.ttl).timestamp() if push.ttl else 0.0
        return Turn(
            seq=snapshot.head + 1,
            epoch=snapshot.epoch,
            message_id=name_of(push),
            author=Author.BACKEND,
            text="",
            reply=push.text,
            state=_merged(snapshot.state, push.state),
            status=Status.DONE,
            created_at=now,
            completed_at=now,
            owner=owner,
            expires_at=expires_at,
            allowance=self.pace.carried(tail.newest, now),
            content=push.content,
            position=push.position,
            positions=positions.advanced(tail.positions, push.position),
            # Where it is gone before that anyway, it need not lapse.
            lapses_at=lapses_at if lapses_at < expires_at else 0.0,
        )

    def _finish(self, key: ConversationKey, seal: Turn) -> None:
        if not self.deletion.go_on(key, seal):
            raise Busy("This conversation is being deleted or moved.")


def _is_covered(push: Push, tail: Tail) -> bool:
    """Whether `tail` knows every turn among which the push's id is looked for."""
    return not push.message_id or tail.deep or not tail.complete_after


def _is_known(push: Push, tail: Tail) -> bool:
    seen = push.position is not None and positions.seen(tail.positions, push.position)
    return seen or (push.message_id != "" and push.message_id in tail.known)


def name_of(push: Push) -> str:
    """What its turn is called: by its own id, or by its position alone."""
    if push.message_id or push.position is None:
        return push.message_id
    return f"{push.position.source}:{push.position.number}"


def _merged(state: State, change: State | None) -> State:
    if change is None:
        return state
    merged = {**state, **change}
    if len(json.dumps(merged, ensure_ascii=False).encode()) > limits.MAX_STATE_BYTES:
        raise TooLarge(f"state: with the bot's own it has at most {limits.MAX_STATE_BYTES} bytes.")
    return merged


def _check_same(push: Push, turn: Turn) -> None:
    if turn.author is not Author.BACKEND:
        raise BadRequest("id: a message of the user has it.")
    lapsed = turn.lapses_at and not (turn.reply or turn.content)
    if not lapsed and (turn.reply, _meant(turn.content)) != (push.text, _meant(push.content)):
        raise BadRequest("id: it was used for another push.")


def _meant(content: str) -> str:
    """The same for all ways of writing one JSON value: a backend may order its fields anew."""
    return json.dumps(json.loads(content), sort_keys=True) if content else ""


def assemble(
    *,
    store: ConversationStore,
    starter: ReplyStarter,
    pace: Pace,
    retention: timedelta,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    pause: Callable[[int], None],
) -> Pushing:
    """Put it together from its ports; `pause` waits a while after a lost race."""
    log = Log(store, clock)
    deletion = Deletion.on(
        store=store, log=log, retention=retention, clock=clock, new_id=new_id, pause=pause
    )
    ordering, cache = Ordering(starter, store, log, clock, new_id), TailCache()
    return Pushing(
        store=store,
        log=log,
        deletion=deletion,
        ordering=ordering,
        conversations=Conversations(store, log, deletion, ordering, cache, retention, clock),
        cache=cache,
        pace=pace,
        retention=retention,
        clock=clock,
        new_id=new_id,
        pause=pause,
    )
