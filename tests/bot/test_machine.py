"""Anything, in any order: several warm functions, one table, deaths and expiry (I1 to I4)."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.models import ConversationKey, Status
from bot.turn_log.tail import ENDED
from bot.wire.answers import Frame
from store.memory.conversations import MemoryConversationStore
from tests.support.adopting import EVA, GUEST, GUEST_ID, adopt
from tests.support.clock import FakeClock, Ids
from tests.support.device import Device
from tests.support.soak import times
from tests.support.stores import Dying, Killed
from tests.support.workers import Worker

RETENTION = timedelta(days=2)
KEY = ConversationKey(GUEST, "main")
SPANS = [1, 50, 120, 299, 301, 400, 450, 3_600, 43_200, 90_000, 173_000]
WORKERS = st.integers(0, 2)
DEVICES = st.integers(0, 1)
AT_WRITE = st.integers(1, 9)


@dataclass(frozen=True)
class Sent:
    """A message as its client would send it, every time alike."""

    message_id: str
    place: dict[str, Any]


@dataclass(frozen=True)
class Made:
    """A turn as the model has it."""

    seq: int
    message_id: str
    count: int
    at: datetime


class Conversation(RuleBasedStateMachine):
    """A conversation, and the simplest model of it: a list of turns."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryConversationStore()
        self.clock = FakeClock()
        self.ids = Ids("owner")
        self.workers = [self.new_worker() for _ in range(3)]
        self.devices = [Device(), Device()]
        self.sent: list[Sent] = []
        self.log: list[Made] = []  # all of the present life that the table still has
        self.read = 0
        self.title: str | None = None
        self.adopted: dict[str, list[Made]] = {}  # what Eva has, or will have when it is finished

    def new_worker(self, store: Any = None, user: str = GUEST) -> Worker:
        """A function without memory."""
        return Worker(
            store or self.store, self.clock, retention=RETENTION, new_id=self.ids, user_id=user
        )

    def live(self) -> list[Made]:
        """What is to be seen."""
        return [made for made in self.log if made.at + RETENTION > self.clock()]

    def look(self) -> list[Frame]:
        """What a device sees that has nothing and is answered by a function without memory."""
        return self.new_worker().one("resume")["turns"]  # type: ignore[no-any-return]

    def begin_anew(self) -> None:
        """The conversation is not there any more."""
        self.log = []
        self.read, self.title = 0, None

    def expect(self, sent: Sent) -> Made:
        """The turn that this message has, or will have."""
        live = self.live()
        for made in live:
            if made.message_id == sent.message_id:
                return made
        head = self.log[-1] if self.log else None
        count = head.count + 1 if head and head in live else 1
        return Made(head.seq + 1 if head else 1, sent.message_id, count, self.clock())

    def keep(self, made: Made) -> None:
        """Note that a message was taken."""
        if not self.live():
            self.read, self.title = 0, None
        if made not in self.log:
            self.log.append(made)

    def new_message(self, device: int, places: bool) -> Sent:
        """Write a message."""
        place = self.devices[device].place if places else {}
        sent = Sent(f"m{len(self.sent)}", place)
        self.sent.append(sent)
        return sent

    def deliver(self, worker: int, sent: Sent, device: int, noted: bool) -> None:
        """Send a message, and check its turn."""
        expected = self.expect(sent)
        fields = {"messageId": sent.message_id, "text": sent.message_id, **sent.place}
        answer = self.workers[worker].handle("message", **fields)
        frames = [*answer.to_caller, *answer.to_user]
        (frame,) = frames
        assert frame["type"] == "turn", frame
        turn = frame["turn"]
        assert turn["seq"] == expected.seq
        assert turn["reply"] == f"{expected.count}: {sent.message_id}"
        self.keep(expected)
        if noted and answer.afterwards:
            answer.afterwards()
        self.devices[device].take(frames)

    @rule(worker=WORKERS, device=DEVICES, places=st.booleans(), noted=st.booleans())
    def message(self, worker: int, device: int, places: bool, noted: bool) -> None:
        self.deliver(worker, self.new_message(device, places), device, noted)

    @precondition(lambda self: self.sent)
    @rule(worker=WORKERS, device=DEVICES, which=st.integers(0, 10**6), noted=st.booleans())
    def resend(self, worker: int, device: int, which: int, noted: bool) -> None:
        self.deliver(worker, self.sent[which % len(self.sent)], device, noted)

    @rule(device=DEVICES, at_write=AT_WRITE, applied=st.booleans(), places=st.booleans())
    def message_to_a_dying_function(
        self, device: int, at_write: int, applied: bool, places: bool
    ) -> None:
        sent = self.new_message(device, places)
        expected = self.expect(sent)
        worker = self.new_worker(Dying(self.store, at_write, applied=applied))
        with suppress(Killed):
            worker.ask("message", messageId=sent.message_id, text=sent.message_id, **sent.place)
        if sent.message_id in [turn["messageId"] for turn in self.look()]:
            self.keep(expected)

    @rule(worker=WORKERS)
    def delete(self, worker: int) -> None:
        there = bool(self.live())
        frame = self.workers[worker].ask("delete")[0]
        if there:
            assert frame["reset"] is True
        if frame["type"] != "error":
            self.begin_anew()

    @rule(at_write=AT_WRITE, applied=st.booleans())
    def delete_by_a_dying_function(self, at_write: int, applied: bool) -> None:
        there = bool(self.live())
        with suppress(Killed):
            self.new_worker(Dying(self.store, at_write, applied=applied)).ask("delete")
        if there and (at_write > 1 or applied):
            self.begin_anew()

    @rule()
    def adopt(self) -> None:
        there = self.live()
        moved = adopt(self.new_worker(user=EVA))
        if there:
            assert moved["main"] not in self.adopted
            self.adopted[moved["main"]] = there
            self.begin_anew()
        assert self.to_be_finished() is None

    @rule(at_write=AT_WRITE, applied=st.booleans())
    def adopt_by_a_dying_function(self, at_write: int, applied: bool) -> None:
        there = self.live()
        dying = Dying(self.store, at_write, applied=applied)
        with suppress(Killed):
            self.new_worker(dying, user=EVA).ask("adopt", guestId=GUEST_ID)
        if there and (at_write > 1 or applied):
            (name,) = self.known_to_the_store() - set(self.adopted)
            self.adopted[name] = there
            self.begin_anew()

    def known_to_the_store(self) -> set[str]:
        """Where conversations have gone to, by the seals that still say so."""
        items = self.store.following(KEY, 0, 10_000).turns
        return {item.moved_to.conversation_id for item in items if item.moved_to}

    def to_be_finished(self) -> str | None:
        """Where a move goes that has been cut off."""
        for item in self.store.newest(KEY, 10_000).turns:
            if item.status is Status.MOVED and item.moved_to:
                return item.moved_to.conversation_id
        return None

    @precondition(lambda self: self.adopted)
    @rule(which=st.integers(0, 10**6), again=st.booleans())
    def talk_on_as_the_user(self, which: int, again: bool) -> None:
        name = sorted(self.adopted)[which % len(self.adopted)]
        log = self.adopted[name]
        if name == self.to_be_finished() or not log or log[-1].at + RETENTION <= self.clock():
            return
        if again:  # sent once more, since its answer was lost while it was the guest's
            made = log[-1]
        else:
            made = Made(log[-1].seq + 1, f"u{len(log)}{name}", log[-1].count + 1, self.clock())
            log.append(made)
        eva, after = self.new_worker(user=EVA), log[0].seq - 1
        frame = eva.say(made.message_id, conversationId=name, after=after)
        assert (frame["turn"]["seq"], frame["turn"]["reply"]) == (
            made.seq,
            f"{made.count}: {made.message_id}",
        )

    @precondition(lambda self: self.adopted)
    @rule(which=st.integers(0, 10**6))
    def delete_as_the_user(self, which: int) -> None:
        name = sorted(self.adopted)[which % len(self.adopted)]
        if name != self.to_be_finished():
            self.new_worker(user=EVA).ask("delete", conversationId=name)
            self.adopted[name] = []

    @rule(worker=WORKERS, device=DEVICES)
    def resume(self, worker: int, device: int) -> None:
        client = self.devices[device]
        resets, place = client.resets, client.place
        frames = self.workers[worker].ask("resume", **place)
        client.take(frames)
        got = [turn["seq"] for frame in frames for turn in frame["turns"]]
        live = [made.seq for made in self.live()]
        if client.resets == resets and place:
            assert got == list(range(place["after"] + 1, self.log[-1].seq + 1))
        else:
            assert got == live[-50:]
        newest = [turn["messageId"] for turn in client.shown if turn["seq"] in live]
        assert newest == [made.message_id for made in self.live()][-len(newest) :]

    @precondition(lambda self: self.live())
    @rule(worker=WORKERS, which=st.integers(0, 10**6))
    def read_up_to(self, worker: int, which: int) -> None:
        seq = self.live()[which % len(self.live())].seq
        self.read = max(self.read, seq)
        assert self.workers[worker].one("read", seq=seq)["read"] == self.read

    @precondition(lambda self: self.live())
    @rule(worker=WORKERS, number=st.integers(0, 9))
    def rename(self, worker: int, number: int) -> None:
        self.title = f"title {number}"
        assert self.workers[worker].one("rename", title=self.title)["title"] == self.title

    @rule(worker=WORKERS)
    def restart(self, worker: int) -> None:
        self.workers[worker] = self.new_worker()

    @rule(seconds=st.sampled_from(SPANS))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule(count=st.integers(1, 5), newest_first=st.booleans())
    def expire(self, count: int, newest_first: bool) -> None:
        """DynamoDB removes some of what has expired, in whatever order."""
        items = self.store.following(KEY, 0, 10_000).turns
        over = [item for item in items if item.expires_at <= self.clock().timestamp()]
        over = over[::-1][:count] if newest_first else over[:count]
        self.store.erase(KEY, over)
        gone = {item.seq for item in over if item.status not in ENDED}
        self.log = [made for made in self.log if made.seq not in gone or made in self.live()]
        if not self.log:
            self.begin_anew()

    @invariant()
    def what_is_shown_is_the_model(self) -> None:
        snapshot = self.new_worker().one("resume")
        live = self.live()
        assert [(turn["seq"], turn["messageId"], turn["reply"]) for turn in snapshot["turns"]] == [
            (made.seq, made.message_id, f"{made.count}: {made.message_id}") for made in live[-50:]
        ]
        assert snapshot["head"] == (self.log[-1].seq if self.log else 0)
        if live:
            assert snapshot["read"] == self.read
            assert self.title in (None, snapshot["title"])

    @invariant()
    def what_was_adopted_is_all_there_or_not_yet_told(self) -> None:
        eva = self.new_worker(user=EVA)
        listed = {each["conversationId"] for each in eva.one("conversations")["conversations"]}
        for name, log in self.adopted.items():
            live = [made for made in log if made.at + RETENTION > self.clock()]
            if name == self.to_be_finished():
                assert name not in listed
                continue
            assert (name in listed) == bool(live)
            assert [
                (turn["seq"], turn["messageId"], turn["reply"])
                for turn in eva.turns(conversationId=name)
            ] == [(made.seq, made.message_id, f"{made.count}: {made.message_id}") for made in live]

    @invariant()
    def all_live_turns_are_of_one_epoch_and_gapless(self) -> None:
        now = self.clock().timestamp()
        items = [
            item
            for item in self.store.following(KEY, 0, 10_000).turns
            if item.status is Status.DONE and item.expires_at > now
        ]
        sealed = any(
            item.status in ENDED and item.completed_at is None
            for item in self.store.following(KEY, 0, 10_000).turns
        )
        assert sealed or len({item.epoch for item in items}) <= 1
        seqs = [item.seq for item in items]
        assert sealed or seqs == list(range(seqs[0], seqs[0] + len(seqs)) if seqs else [])


Conversation.TestCase.settings = settings(
    max_examples=times(40, 2_000),
    stateful_step_count=times(40, 80),
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
TestConversation = Conversation.TestCase
