"""One frame of a client in, the frames to answer it with out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.connections.expiry import Expiry, Tokens
from bot.conversations import Conversations
from bot.errors import (
    BadRequest,
    InternalError,
    ParleyError,
    StillWriting,
    TokenExpired,
    UnknownAction,
)
from bot.lifecycle.adoption import Adoption
from bot.lifecycle.deletion import Deletion
from bot.lifecycle.forking import Fork, Forking
from bot.lifecycle.sealing import Sealing
from bot.models import Caller, ConversationKey, Message
from bot.ports import Bot, ConnectionStore, ConversationStore, ReplyStarter, StreamingBot
from bot.replies.ordering import Ordering
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from bot.turns.pace import Pace
from bot.turns.turns import Taken, Turns
from bot.wire import answers, frames, reading, splitting
from bot.wire.answers import Frame


@dataclass(frozen=True, slots=True)
class Answer:
    """What one frame is answered with.

    `to_user` goes to all of the user's connections, the asking one first; `to_caller` to that
    alone. `afterwards` is work that may wait until both are sent. `fault` is what went wrong.
    What follows it is for whoever measures; `ordered`: the reply is written elsewhere.
    """

    action: str = ""
    to_caller: tuple[Frame, ...] = ()
    to_user: tuple[Frame, ...] = ()
    afterwards: Callable[[], object] | None = None
    close: bool = False
    fault: ParleyError | None = None
    races: int = 0
    turn_made: bool = False
    ordered: bool = False
    forked: bool = False
    adopted: int = 0

    @classmethod
    def of_fault(
        cls, fault: ParleyError, reference: dict[str, str] | None = None, action: str = ""
    ) -> "Answer":
        """An `error` frame; what has expired is closed."""
        return cls(
            action=action,
            to_caller=(answers.error(fault, reference or {}),),
            close=isinstance(fault, TokenExpired),
            fault=fault,
        )

    def traced(self, correlation_id: str) -> "Answer":
        """The answer, its `error` frame saying by which id the backend's logs know of it."""
        if not self.fault or not correlation_id:
            return self
        named = tuple({**frame, "correlationId": correlation_id} for frame in self.to_caller)
        return replace(self, to_caller=named)


@dataclass(frozen=True, slots=True)
class Chat:
    """Answers clients' frames. `guest_of` tells a guest's user id from the guest's secret."""

    turns: Turns
    ordering: Ordering
    conversations: Conversations
    deletion: Deletion
    forking: Forking
    expiry: Expiry
    adoption: Adoption
    guest_of: Callable[[str], str]
    clock: Callable[[], datetime]

    def handle(self, caller: Caller, body: str) -> Answer:
        """Answer one frame. What the contract has an `error` frame for never raises."""
        reference: dict[str, str] = {}
        action = ""
        try:
            self.expiry.check(caller)
            decoded = reading.decode(body)
            reference = reading.reference(decoded)
            frame = reading.validate(decoded)
            action = frame.action
            return self._answer(caller, frame)
        except ParleyError as fault:
            return Answer.of_fault(fault, reference, action)

    def apologize(self, body: str) -> Answer:
        """What a frame is answered with that broke the backend itself."""
        try:
            reference = reading.reference(reading.decode(body))
        except ParleyError:
            reference = {}
        return Answer.of_fault(InternalError("Something went wrong."), reference)

    def _answer(self, caller: Caller, frame: frames.ClientFrame) -> Answer:
        if isinstance(frame, frames.PingFrame):
            return Answer(frame.action, to_caller=(answers.pong(),))
        if isinstance(frame, frames.RenewFrame):
            until = self.expiry.renew(caller, frame.token)
            return Answer(frame.action, to_caller=(answers.renewed(until),))
        if isinstance(frame, frames.ConversationsFrame):
            listed = self.conversations.page(caller.user_id, frame.cursor)
            return Answer(frame.action, to_caller=(listed,))
        if isinstance(frame, frames.AdoptFrame):
            return self._adopt(caller, frame)
        if isinstance(frame, frames.ConversationFrame):
            return self._converse(caller, frame)
        raise UnknownAction("This action is not known.")

    def _converse(self, caller: Caller, frame: frames.ConversationFrame) -> Answer:
        key = ConversationKey(caller.user_id, frame.conversation_id)
        match frame:
            case frames.MessageFrame():
                return self._message(key, frame, caller.connection_id)
            case frames.ForkFrame():
                return self._fork(key, frame)
            case frames.ResumeFrame():
                gap = self.conversations.resume(key, frame.after, frame.epoch or None)
                return Answer(frame.action, to_caller=tuple(gap))
            case frames.HistoryFrame():
                page = self.conversations.history(key, frame.before, frame.limit)
                return Answer(frame.action, to_caller=tuple(page))
            case frames.RenameFrame():
                renamed = self.conversations.rename(key, frame.title)
                return Answer(frame.action, to_user=tuple(renamed))
            case frames.ReadFrame():
                moved = self.conversations.read(key, frame.seq)
                return Answer(frame.action, to_user=tuple(moved))
            case frames.FeedbackFrame():
                rated = self.conversations.rate(key, frame.seq, frame.verdict)
                return Answer(frame.action, to_user=tuple(rated))
            case frames.StopFrame():
                stopped, ended = self.conversations.stop(key, frame.seq)
                if ended:
                    return Answer(frame.action, to_user=tuple(stopped))
                return Answer(frame.action, to_caller=tuple(stopped))
            case frames.DeleteFrame():
                return self._delete(key)
        raise UnknownAction("This action is not known.")

    def _message(self, key: ConversationKey, frame: frames.MessageFrame, asking: str) -> Answer:
        message = Message(frame.message_id, frame.text, sent_at=self.clock())
        fork = _fork_of(frame)
        forked = fork is not None and self._forked(key, fork, self.forking.begin)
        if forked:
            self.turns.cache.forget(key)
        return replace(self._taken_in_turn(key, message, frame, asking), forked=forked)

    def _taken_in_turn(
        self, key: ConversationKey, message: Message, frame: frames.MessageFrame, asking: str
    ) -> Answer:
        try:
            return self._taken(key, message, frame, asking)
        except StillWriting as busy:
            ended = self.ordering.look_after(key, busy.turn)
            if not ended:
                raise
        answer = self._taken(key, message, frame, asking)
        before = tuple(splitting.turn_frames(key.conversation_id, ended))
        return replace(answer, to_user=before + answer.to_user)

    def _taken(
        self, key: ConversationKey, message: Message, frame: frames.MessageFrame, asking: str
    ) -> Answer:
        taken = self.turns.take(key, message, frame.after, frame.epoch or None)
        if taken.turn.is_pending:
            return self._accepted(key, taken, asking)
        shown = tuple(splitting.turn_frames(key.conversation_id, taken.turn))
        if not taken.fresh:
            return Answer(frame.action, to_caller=shown, races=taken.races)
        return Answer(
            frame.action,
            to_user=shown,
            afterwards=partial(self.conversations.note, key, taken),
            races=taken.races,
            turn_made=True,
        )

    def _accepted(self, key: ConversationKey, taken: Taken, asking: str) -> Answer:
        """The message is kept; its reply comes from elsewhere."""
        turn = taken.turn
        accepted = answers.accepted(key.conversation_id, turn.message_id, turn.seq)
        if not taken.fresh:
            turn = self.ordering.begin_again(key, turn, asking)
            if not turn.is_pending:
                ended = tuple(splitting.turn_frames(key.conversation_id, turn))
                return Answer("message", to_user=ended, races=taken.races)
            return Answer("message", to_caller=(accepted,), races=taken.races)
        self.ordering.begin(key, turn, asking)
        return Answer(
            "message",
            to_caller=(accepted,),
            to_user=tuple(splitting.turn_frames(key.conversation_id, turn)),
            afterwards=partial(self.conversations.note, key, taken),
            races=taken.races,
            turn_made=True,
            ordered=True,
        )

    def _fork(self, key: ConversationKey, frame: frames.ForkFrame) -> Answer:
        fork = Fork(frame.fork_of, frame.fork_at, frame.fork_epoch or None)
        forked = self._forked(key, fork, self.forking.make)
        self.turns.cache.forget(key)
        return Answer(frame.action, to_user=tuple(self.conversations.show(key)), forked=forked)

    def _forked(
        self, key: ConversationKey, fork: Fork, how: Callable[[ConversationKey, Fork], bool]
    ) -> bool:
        try:
            return how(key, fork)
        except StillWriting as busy:
            parent = ConversationKey(key.user_id, fork.conversation_id)
            if not self.ordering.look_after(parent, busy.turn):
                raise
            return how(key, fork)

    def _adopt(self, caller: Caller, frame: frames.AdoptFrame) -> Answer:
        if not caller.signed_in:
            raise BadRequest("Only who has signed in can adopt a guest's conversations.")
        guest_id = self.guest_of(frame.guest_id)
        adopted = self.adoption.adopt(guest_id, caller.user_id, frame.cursor)
        shown: list[Frame] = []
        for was, now in adopted.moved:
            self.turns.cache.forget(ConversationKey(guest_id, was))
            shown += self.conversations.show(ConversationKey(caller.user_id, now))
        return Answer(
            frame.action,
            to_caller=(answers.adopted(adopted.moved, adopted.cursor),),
            to_user=tuple(shown),
            adopted=len(adopted.moved),
        )

    def _delete(self, key: ConversationKey) -> Answer:
        seal = self.deletion.seal(key)
        self.turns.cache.forget(key)
        gone = answers.Header(key.conversation_id, epoch="", title="", head=0, read=0)
        return Answer(
            frames.DeleteFrame.action,
            to_user=tuple(splitting.snapshot_frames(gone, [], reset=True)),
            afterwards=partial(self.deletion.go_on, key, seal),
        )


def _fork_of(frame: frames.MessageFrame) -> Fork | None:
    """What the conversation of a message is to begin with; None for nothing of any other."""
    if frame.fork_of is None or not frame.fork_at:
        return None
    return Fork(frame.fork_of, frame.fork_at, frame.fork_epoch or None)


def assemble(
    *,
    store: ConversationStore,
    connections: ConnectionStore,
    tokens: Tokens,
    bot: Bot | StreamingBot,
    starter: ReplyStarter,
    pace: Pace,
    retention: timedelta,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    new_conversation_id: Callable[[], str],
    guest_of: Callable[[str], str],
    pause: Callable[[int], None],
) -> Chat:
    """Put a chat together from its ports; `pause` waits a while after a lost race.

    `tokens` says whom a token speaks for, and is asked by `renew` frames alone.
    """
    log = Log(store, clock)
    deletion = Deletion.on(
        store=store, log=log, retention=retention, clock=clock, new_id=new_id, pause=pause
    )
    sealing, cache = Sealing(store, log, clock, new_id), TailCache()
    ordering = Ordering(starter, store, log, clock, new_id)
    turns = Turns(
        store=store,
        bot=bot,
        log=log,
        deletion=deletion,
        cache=cache,
        pace=pace,
        retention=retention,
        clock=clock,
        new_id=new_id,
        pause=pause,
    )
    return Chat(
        turns=turns,
        ordering=ordering,
        conversations=Conversations(store, log, deletion, ordering, cache, retention, clock),
        deletion=deletion,
        forking=Forking(store, log, deletion, retention, clock, new_id, pause),
        expiry=Expiry(connections, tokens, clock),
        adoption=Adoption(store, sealing, deletion, ordering, clock, new_conversation_id),
        guest_of=guest_of,
        clock=clock,
    )
