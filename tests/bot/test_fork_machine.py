"""Forks in any order with everything else: a tree of conversations, warm functions, deaths."""

from contextlib import suppress
from dataclasses import replace
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.lifecycle import filling, moving
from bot.models import ConversationKey, Status
from store.memory.conversations import MemoryConversationStore
from tests.support.adopting import EVA, GUEST, GUEST_ID, adopt
from tests.support.clock import FakeClock, Ids
from tests.support.soak import times
from tests.support.stores import Dying, Killed
from tests.support.workers import Worker

WORKERS = st.integers(0, 2)
ANY = st.integers(0, 10**6)
AT_WRITE = st.integers(1, 9)
SPANS = [1, 120, 299, 301, 450, 3_600]


class Tree(RuleBasedStateMachine):
    """Conversations by name, each a list of message ids: a fork is a copy of the first of them."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryConversationStore()
        self.clock = FakeClock()
        self.ids = Ids("owner")
        self.user = GUEST
        self.workers = [self.new_worker() for _ in range(3)]
        self.said: dict[str, list[str]] = {}
        self.names = Ids("c")
        self.steps = [mock.patch.object(filling, "STEP", 2), mock.patch.object(moving, "STEP", 2)]
        for step in self.steps:
            step.start()

    def teardown(self) -> None:
        """Whole steps again."""
        for step in self.steps:
            step.stop()

    def new_worker(self, store: Any = None, user: str | None = None) -> Worker:
        """A function without memory."""
        return Worker(store or self.store, self.clock, new_id=self.ids, user_id=user or self.user)

    @initialize()
    def begin(self) -> None:
        for _ in range(4):
            self.say("main", 0, noted=True)

    def pick(self, which: int) -> str:
        """One of the conversations."""
        return sorted(self.said)[which % len(self.said)]

    def say(self, name: str, worker: int, noted: bool, **fork: Any) -> None:
        """A message, and what its turn must be."""
        expected = [*self.said.get(name, []), f"{name}-{len(self.said.get(name, []))}-{self.ids()}"]
        answer = self.workers[worker].handle(
            "message", conversationId=name, messageId=expected[-1], text=expected[-1], **fork
        )
        turn = answer.to_user[0]["turn"]
        assert (turn["seq"], turn["reply"]) == (
            len(expected),
            f"{len(expected)}: {expected[-1]}",
        )
        self.said[name] = expected
        if noted and answer.afterwards:
            answer.afterwards()

    @rule(worker=WORKERS, which=ANY, noted=st.booleans())
    def message(self, worker: int, which: int, noted: bool) -> None:
        self.say(self.pick(which) if self.said else "main", worker, noted)

    @precondition(lambda self: self.said)
    @rule(worker=WORKERS, which=ANY, turn=ANY)
    def resend(self, worker: int, which: int, turn: int) -> None:
        """Also of a turn that a fork has from elsewhere."""
        name = self.pick(which)
        seq = turn % len(self.said[name]) + 1
        said = self.said[name][seq - 1]
        frame = self.workers[worker].say(said, conversationId=name, after=seq - 1)
        assert frame["turn"]["seq"] == seq

    def cut(self, which: int, at: int) -> tuple[str, list[str]]:
        """A conversation, and how it begins."""
        parent = self.pick(which)
        return parent, self.said[parent][: at % len(self.said[parent]) + 1]

    @precondition(lambda self: self.said)
    @rule(worker=WORKERS, which=ANY, at=ANY, again=WORKERS)
    def fork(self, worker: int, which: int, at: int, again: int) -> None:
        parent, shared = self.cut(which, at)
        name = self.names()
        for each in (worker, again):
            (frame,) = self.workers[each].ask(
                "fork", conversationId=name, forkOf=parent, forkAt=len(shared)
            )
            assert (frame["head"], frame["read"], frame["forkOf"], frame["forkAt"]) == (
                len(shared),
                len(shared),
                parent,
                len(shared),
            )
        self.said[name] = shared

    @precondition(lambda self: self.said)
    @rule(worker=WORKERS, which=ANY, at=ANY, looked=st.booleans(), noted=st.booleans())
    def fork_by_a_message(
        self, worker: int, which: int, at: int, looked: bool, noted: bool
    ) -> None:
        parent, shared = self.cut(which, at)
        name = self.names()
        if looked:  # and remembered as empty
            assert self.workers[worker].one("resume", conversationId=name)["head"] == 0
        self.said[name] = shared
        self.say(name, worker, noted, forkOf=parent, forkAt=len(shared))

    @precondition(lambda self: self.said)
    @rule(which=ANY, at=ANY, at_write=AT_WRITE, applied=st.booleans())
    def fork_by_a_dying_function(self, which: int, at: int, at_write: int, applied: bool) -> None:
        parent, shared = self.cut(which, at)
        name = self.names()
        dying = self.new_worker(Dying(self.store, at_write, applied=applied))
        fork: dict[str, Any] = {"forkOf": parent, "forkAt": len(shared)}
        with suppress(Killed):
            dying.say(f"{name}-first", conversationId=name, **fork)
        # What it was to fork may have to be finished first, so it is not known how far it came.
        turns = self.new_worker().turns(conversationId=name)
        if turns:
            self.said[name] = [turn["messageId"] for turn in turns]
            assert self.said[name] in (shared, [*shared, f"{name}-first"])

    @precondition(lambda self: self.said)
    @rule(worker=WORKERS, which=ANY)
    def delete(self, worker: int, which: int) -> None:
        name = self.pick(which)
        assert self.workers[worker].ask("delete", conversationId=name)[0]["reset"] is True
        del self.said[name]

    @precondition(lambda self: self.said)
    @rule(which=ANY, at_write=AT_WRITE, applied=st.booleans())
    def delete_by_a_dying_function(self, which: int, at_write: int, applied: bool) -> None:
        name = self.pick(which)
        with suppress(Killed):
            dying = self.new_worker(Dying(self.store, at_write, applied=applied))
            dying.ask("delete", conversationId=name)
        if at_write > 1 or applied:
            del self.said[name]

    @precondition(lambda self: self.user == GUEST)
    @rule(at_write=st.integers(0, 30), applied=st.booleans())
    def adopt(self, at_write: int, applied: bool) -> None:
        if at_write:
            dying = Dying(self.store, at_write, applied=applied)
            with suppress(Killed):
                self.new_worker(dying, user=EVA).ask("adopt", guestId=GUEST_ID)
        moved = adopt(self.new_worker(user=EVA))
        # What was deleted lately may be named too, where it was moved in an earlier life.
        assert set(self.said) <= set(moved)
        self.user = EVA
        self.workers = [self.new_worker() for _ in range(3)]
        self.said = {moved[name]: said for name, said in self.said.items()}

    @rule(worker=WORKERS)
    def restart(self, worker: int) -> None:
        self.workers[worker] = self.new_worker()

    @rule(seconds=st.sampled_from(SPANS))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @invariant()
    def every_conversation_is_what_was_said_in_it(self) -> None:
        fresh = self.new_worker()
        for name, said in self.said.items():
            turns = fresh.turns(conversationId=name)
            assert [turn["messageId"] for turn in turns] == said, name
            assert [turn["seq"] for turn in turns] == list(range(1, len(said) + 1))
            paged = fresh.one("history", conversationId=name, before=len(said) + 1, limit=3)
            assert [turn["messageId"] for turn in paged["turns"]] == said[-3:]
            assert paged["more"] == (len(said) > 3)

    @invariant()
    def the_list_is_what_there_is(self) -> None:
        heads: dict[str, int] = {}
        cursor = None
        while True:
            frame = self.new_worker().one("conversations", cursor=cursor)
            heads |= {each["conversationId"]: each["head"] for each in frame["conversations"]}
            cursor = frame["cursor"]
            if cursor is None:
                break
        for name, head in heads.items():
            assert head == len(self.said[name])

    @invariant()
    def no_root_promises_what_is_not_there(self) -> None:
        for name in self.said:
            root = self.store.turn(ConversationKey(self.user, name), 1)
            while root and root.status is Status.FORKED and root.origin and root.origin.seq:
                home = ConversationKey(self.user, root.origin.conversation_id)
                held = self.store.turn(home, root.origin.seq) or self.store.turn(home, 1)
                assert held, name
                assert replace(held, seq=0).epoch == root.origin.epoch
                root = self.store.turn(home, 1) if held.status is Status.FORKED else None


Tree.TestCase.settings = settings(
    max_examples=times(30, 300),
    stateful_step_count=times(30, 40),
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
TestTree = Tree.TestCase
