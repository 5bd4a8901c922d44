"""Row 6: tokens that run out while connected, functions whose clocks differ, renewals that race."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from bot.errors import SendFailed, StoreUnavailable
from bot.models import Connection, ConversationKey
from delivery.memory import MemorySender
from handlers import message
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.table import Table
from store.memory.connections import MemoryConnectionStore
from tests.support import events
from tests.support.backend import Backend
from tests.support.clock import START, FakeClock
from tests.support.history import History, table
from tests.support.hooks import Hook, lose_the_reply
from tests.support.invariants import check
from tests.support.issuer import EVE
from tests.support.soak import times

NOON = START.timestamp()
SKEW_SECONDS = 300
FUNCTIONS = 4
PING = {"action": "ping"}


@dataclass
class Skewed:
    """A clock that is off by as much as it ever is."""

    clock: FakeClock
    by: timedelta

    def __call__(self) -> datetime:
        return self.clock() + self.by


class Run:
    """Devices of one user with ends of their own, on functions with clocks of their own."""

    def __init__(self, seed: int) -> None:
        self.chance, self.history = Random(seed), History()
        self.backend = Backend()
        skews = [self.chance.uniform(-SKEW_SECONDS, SKEW_SECONDS) for _ in range(FUNCTIONS - 2)]
        self.clocks = [
            Skewed(self.backend.clock, timedelta(seconds=by))
            for by in (-SKEW_SECONDS, SKEW_SECONDS, *skews)
        ]
        self.backend.functions = [self.backend.new_function(clock=each) for each in self.clocks]
        self.ends: dict[str, float] = {}
        self.messages = self.renewals = 0

    def connect(self) -> str:
        """One device more."""
        name = f"c{len(self.backend.contexts)}="
        self.ends[name] = int(self.backend.clock().timestamp()) + self.chance.randrange(30, 600)
        self.backend.connect(EVE, name, self.ends[name])
        # What a device does first: it fills its gap.
        self.ask(name, {"action": "resume", "after": 0})
        return name

    def ask(self, name: str, frame: dict[str, Any]) -> None:
        """Send a frame to any of the functions, and hold the answer against its clock."""
        function = self.chance.randrange(FUNCTIONS)
        now = self.clocks[function]().timestamp()
        before = len(self.backend.memory.sent[name])
        self.backend.send(EVE, name, frame, function)
        answer = self.backend.memory.sent[name][before]
        if self.ends[name] > now:
            assert answer.get("code") != "token_expired"
            self._note(name, frame, answer, function)
        else:
            assert answer["code"] == "token_expired"
            assert name in self.backend.memory.gone, "closed"
            del self.ends[name]
        self._nothing_was_sent_where_it_is_over(now, name)

    def renew(self, name: str) -> None:
        """Bring a token that ends sooner or later than what there is."""
        until = self.backend.clock().timestamp() + self.chance.uniform(-60, 600)
        token = self.backend.issuer.token(EVE, until)
        self.ask(name, {"action": "renew", "token": token})

    def ping(self, name: str) -> None:
        """A heartbeat."""
        self.ask(name, PING)

    def say(self, name: str) -> None:
        """A new message."""
        self.messages += 1
        frame = {"messageId": f"m{self.messages}", "text": f"t{self.messages}"}
        self.ask(name, {"action": "message", "after": self.backend.devices[name].head, **frame})

    def _note(self, name: str, frame: dict[str, Any], answer: Any, function: int) -> None:
        self.history.send(EVE, frame)
        if answer["type"] == "renewed":
            _, until = self.backend.issuer.given[frame["token"]]
            self.ends[name] = max(self.ends[name], until)
            told = datetime.fromisoformat(answer["expiresAt"]).timestamp()
            assert told == self.ends[name]
            self.renewals += 1

    def _nothing_was_sent_where_it_is_over(self, now: float, asker: str) -> None:
        for name in list(self.backend.memory.sent):
            frames = self.backend.got(name)
            self.history.got(EVE, frames)
            if name != asker and frames:
                assert self.ends[name] > now, "by the sender's clock"


@pytest.mark.row(6)
@pytest.mark.parametrize("seed", range(times(6, 40)))
def test_no_frame_is_served_after_the_end_by_the_clock_of_the_function_it_meets(seed: int) -> None:
    run = Run(seed)
    for _ in range(300):
        while len(run.ends) < 3:
            run.connect()
        name = run.chance.choice(list(run.ends))
        run.chance.choice([run.say, run.say, run.renew, run.ping])(name)
        run.backend.clock.advance(seconds=run.chance.choice([0, 1, 10, 60]))
    assert len(run.backend.memory.gone) > 5
    assert run.renewals > 5
    key = ConversationKey(EVE, "main")
    check(run.history, {key: table(run.backend.conversations, key)})


def renewing(backend: Backend, until: float) -> dict[str, Any]:
    """A fresh token's frame."""
    return {"action": "renew", "token": backend.issuer.token(EVE, until)}


def test_devices_end_each_at_its_own_time_and_renew_for_themselves() -> None:
    backend = Backend()
    for minutes in (1, 2, 3):
        backend.connect(EVE, f"c{minutes}=", NOON + 60 * minutes)
    backend.send(EVE, "c2=", renewing(backend, NOON + 3600))
    for minute in range(1, 5):
        backend.clock.advance(seconds=60)
        backend.memory.sent.clear()
        said = {"action": "message", "messageId": f"m{minute}", "text": "x"}
        backend.ask(EVE, "c2=", said)
        reached = {name for name, frames in backend.memory.sent.items() if frames}
        assert reached == {f"c{each}=" for each in (1, 3) if each > minute}


@pytest.mark.row(6)
@pytest.mark.parametrize("seed", range(times(10, 40)))
def test_renewals_doubled_and_reordered_end_at_the_latest(seed: int) -> None:
    chance, backend = Random(seed), Backend(functions=3)
    backend.connect(EVE, "c1=", NOON + 60)
    ends = chance.sample(range(61, 3_600), 6)
    frames = [renewing(backend, NOON + end) for end in ends] * 2
    chance.shuffle(frames)
    for frame in frames:
        (answer,) = backend.ask(EVE, "c1=", frame, function=chance.randrange(3))
        assert answer["type"] == "renewed"
    backend.clock.advance(seconds=max(ends) - 0.001)
    for function in range(3):
        assert backend.ask(EVE, "c1=", PING, function) == [{"type": "pong"}]
    backend.clock.advance(seconds=0.001)
    assert backend.ask(EVE, "c1=", PING)[0]["code"] == "token_expired"


class Slow(MemoryConnectionStore):
    """Something happens while a renewal is on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Any = None

    def renew(self, user_id: str, connection_id: str, until: float) -> float:
        if self.meanwhile:
            self.meanwhile()
        return super().renew(user_id, connection_id, until)


def test_a_turn_that_came_while_the_old_token_ran_out_is_found_by_resuming_after_renewed() -> None:
    """The turn left the connection out, for it had ended; then the renewal was written."""
    connections = Slow()
    backend = Backend(connections=connections)
    backend.connect(EVE, "phone=", NOON + 60)
    backend.connect(EVE, "laptop=", NOON + 600)
    backend.clock.advance(seconds=59.999)

    def run_out() -> None:
        backend.clock.advance(seconds=1)
        said = {"action": "message", "messageId": "m1", "text": "x", "after": 0}
        backend.send(EVE, "laptop=", said, function=1)

    connections.meanwhile = run_out
    (answer,) = backend.ask(EVE, "phone=", renewing(backend, NOON + 3600))
    assert answer["type"] == "renewed"
    assert backend.devices["phone="].head == 0
    backend.ask(EVE, "phone=", {"action": "resume", "after": 0})
    assert [turn["messageId"] for turn in backend.devices["phone="].shown] == ["m1"]


def test_a_disconnect_that_overtakes_a_renewal_leaves_nothing_to_renew() -> None:
    connections = Slow()
    backend = Backend(connections=connections)
    backend.connect(EVE, "c1=", NOON + 60)
    connections.meanwhile = lambda: backend.disconnect(EVE, "c1=")
    (answer,) = backend.ask(EVE, "c1=", renewing(backend, NOON + 3600))
    assert answer["code"] == "token_refused"
    assert connections.active(EVE) == ()
    assert connections.live(EVE, backend.clock()) == ()


def test_a_renewal_whose_answer_never_arrived_holds_and_may_be_sent_again() -> None:
    class Losing(MemorySender):
        losing = True

        def send(self, connection_id: str, frame: bytes) -> None:
            if self.losing:
                raise SendFailed("InternalServerError")
            super().send(connection_id, frame)

    sender = Losing()
    backend = Backend(sender=sender)
    backend.memory = sender
    backend.connect(EVE, "c1=", NOON + 60)
    frame = renewing(backend, NOON + 3600)
    assert backend.ask(EVE, "c1=", frame) == []
    sender.losing = False
    backend.clock.advance(seconds=61)
    (answer,) = backend.ask(EVE, "c1=", frame, function=1)
    assert (answer["type"], answer["expiresAt"]) == ("renewed", "2026-03-01T13:00:00.000Z")


@pytest.mark.row(28)
@pytest.mark.parametrize("attempt", range(times(3, 50)))
def test_a_renewal_that_was_applied_and_whose_reply_was_lost_is_told_as_done(
    attempt: int, client: Any, hook: Hook, user: str
) -> None:
    """Row 28: botocore asks again, and the condition fails on what it has written itself."""
    store = DynamoConnectionStore(Table(client, "ConnectionsTable"))
    mine = Connection(user, f"{user[-12:]}=", "example.test", "prod", START, NOON + 60)
    store.add(mine)
    hook.next("UpdateItem", lose_the_reply)
    assert store.renew(user, mine.connection_id, NOON + 3600) == NOON + 3600
    assert hook.unmet == 0
    assert store.authorized_until(user, mine.connection_id) == NOON + 3600


def test_rows_that_fail_while_an_end_is_near_close_nothing_and_forget_nothing() -> None:
    class Flaky(MemoryConnectionStore):
        down = False

        def authorized_until(self, user_id: str, connection_id: str) -> float:
            if self.down:
                raise StoreUnavailable("down")
            return super().authorized_until(user_id, connection_id)

    connections = Flaky()
    backend = Backend(connections=connections)
    backend.connect(EVE, "c1=", NOON + 60)
    backend.ask(EVE, "c1=", renewing(backend, NOON + 3600))
    backend.clock.advance(seconds=61)
    connections.down = True
    assert backend.ask(EVE, "c1=", PING, function=0) == [{"type": "pong"}]
    assert backend.ask(EVE, "c1=", PING, function=1)[0]["retryable"] is True
    connections.down = False
    assert backend.ask(EVE, "c1=", PING, function=1) == [{"type": "pong"}]


@pytest.mark.row(9)
@pytest.mark.parametrize("word", ["expired", "missing", "odd"])
def test_an_end_in_the_past_is_never_lengthened_by_anything_but_the_row(word: str) -> None:
    """Row 9: the context is absent, or disagrees with the row."""
    backend = Backend()
    backend.connect(EVE, "c1=", NOON + 60)
    backend.clock.advance(seconds=60)
    said = {"expired": f"{NOON + 30:.0f}", "missing": None, "odd": "nan"}[word]
    event = events.message(PING, "c1=", EVE, expiresAt=said)
    message.answer(backend.functions[0], event)
    assert backend.got("c1=")[0]["code"] == "token_expired"
