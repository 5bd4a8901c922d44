"""Rows 20, 21 and 26: @connections that refuses, drops, is slow; frames that come twice; a push
while a handshake lasts."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from bot.errors import SendFailed
from bot.models import ConversationKey
from delivery.api_gateway import ATTEMPTS, ApiGatewaySender
from delivery.memory import MemorySender
from tests.support.backend import Backend
from tests.support.connections_endpoint import (
    DELIVERED,
    SLOW,
    SLOW_SECONDS,
    Answer,
    ConnectionsEndpoint,
)
from tests.support.engine import new_client
from tests.support.fault_report import Rows
from tests.support.history import History, live_rows, table
from tests.support.invariants import check
from tests.support.phone import Phone
from tests.support.soak import times
from tests.support.turns import ANA

MAIN = ConversationKey(ANA, "main")

REFUSALS: dict[str, list[Answer]] = {
    "gone": [],
    "throttled": [(429, "LimitExceededException")],
    "throttled for long": [(429, "LimitExceededException")] * ATTEMPTS,
    "forbidden": [(403, "ForbiddenException")],
    "too large": [(413, "PayloadTooLargeException")],
    "broken": [(500, "InternalServerError")],
    "broken after delivery": [(500, DELIVERED)],
    "dropped": [(0, "")],
    "dropped after delivery": [(0, DELIVERED)],
    "slow": [(200, SLOW)],
}


class Wire:
    """@connections over HTTP, and what has reached whom."""

    def __init__(self) -> None:
        self.memory = MemorySender()
        self.endpoint = ConnectionsEndpoint(self.memory.send)
        client = new_client(
            "apigatewaymanagementapi",
            endpoint_url=self.endpoint.url,
            retries={"total_max_attempts": 1},
            read_timeout=SLOW_SECONDS / 2,
        )
        self.sender = ApiGatewaySender(client, sleep=lambda seconds: None)


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """One for all of this module's runs."""
    made = Wire()
    yield made
    made.endpoint.stop()


def judge(backend: Backend, history: History, phones: list[Phone], head: int) -> None:
    """Let every device catch up, and hold the run against the invariants."""
    for phone in phones:
        phone.catch_up(head)
    check(history, {MAIN: table(backend.conversations, MAIN)})


def test_whatever_connections_api_answers_no_message_is_lost(row: Rows, wire: Wire) -> None:
    for seed in range(times(2, 36)):
        with row(20, seed=seed) as run:
            chance, history = Random(seed), History()
            wire.memory.sent.clear()
            backend = Backend(sender=wire.sender)
            backend.memory = wire.memory
            phones = [Phone(backend, history, ANA, f"{seed}-{name}") for name in "ab"]
            backend.clock.advance(minutes=2)
            kinds = list(REFUSALS)
            chance.shuffle(kinds)
            for number, kind in enumerate(kinds):
                asking, other = chance.sample(phones, 2)
                wire.endpoint.requests.clear()
                wire.endpoint.answers[:] = REFUSALS[kind]
                if kind == "gone":
                    wire.memory.gone.add(other.connection)
                asking.say(f"m{number}")
                assert wire.endpoint.answers == [], "it was met"
                run.inject()
                # Bounded: a message sent again after at most three refusals, to two devices.
                assert len(wire.endpoint.requests) <= 4 * (1 + ATTEMPTS)
                for phone in phones:
                    phone.look()
                backend.clock.advance(minutes=2)
                if kind == "gone":
                    gone = (ANA, other.connection)
                    assert gone not in live_rows(backend.connections, [ANA])
                    other.connect()
            history.active = live_rows(backend.connections, [ANA])
            judge(backend, history, phones, len(kinds))


class Unreliable(MemorySender):
    """Does with each frame what chance says, and counts what is a fault."""

    def __init__(self, seed: int, fates: tuple[str, ...]) -> None:
        super().__init__()
        self.faults = 0
        self._chance = Random(seed)
        self._fates = fates

    def send(self, connection_id: str, frame: bytes) -> None:
        """See the port."""
        fate = self._chance.choice(self._fates)
        self.faults += fate != "arrives"
        if fate in ("arrives", "twice", "both"):
            super().send(connection_id, frame)
        if fate == "twice":
            super().send(connection_id, frame)
        if fate in ("failed", "both"):
            raise SendFailed("InternalServerError")


def through(seed: int, *fates: str) -> Unreliable:
    """Let two devices talk over a sender like that; what it did."""
    history, sender = History(), Unreliable(seed, fates)
    backend = Backend(sender=sender)
    backend.memory = sender
    phones = [Phone(backend, history, ANA, name) for name in "ab"]
    for number in range(10):
        phones[number % 2].say(f"m{number}")
        phones[1 - number % 2].look()
    judge(backend, history, phones, 10)
    return sender


def test_frames_lost_or_doubled_on_the_way_end_in_the_same_conversation(row: Rows) -> None:
    for seed in range(times(10, 60)):
        with row(20, seed=seed) as run:
            sender = through(seed, "arrives", "arrives", "twice", "lost", "failed", "both")
            run.inject(sender.faults)


def test_a_frame_that_comes_twice_is_shown_once(row: Rows) -> None:
    for seed in range(times(5, 40)):
        with row(21, seed=seed) as run:
            run.inject(through(seed, "arrives", "twice").faults)


def test_a_push_to_a_connection_whose_handshake_lasts_is_made_good_by_its_resume(
    row: Rows,
) -> None:
    """Row 26: the row is there, API Gateway still says 410, and the next turns must reach it."""
    for seed in range(times(3, 20)):
        with row(26, seed=seed) as run:
            chance, backend, history = Random(seed), Backend(), History()
            old = Phone(backend, history, ANA, "old")
            backend.clock.advance(minutes=5)
            new = Phone(backend, history, ANA, "new")
            backend.memory.gone.add(new.connection)
            pushes = 1 + chance.randrange(4)
            for number in range(pushes):
                old.say(f"m{number}")
                backend.clock.advance(seconds=chance.randrange(14))
                run.inject()
            backend.memory.gone.clear()
            new.ask({"action": "resume"})
            old.say("last")
            new.look()
            assert [turn["seq"] for turn in new.device.shown] == list(range(1, pushes + 2))
            history.active = live_rows(backend.connections, [ANA])
            judge(backend, history, [old, new], pushes + 1)


def test_every_message_is_answered_though_its_connection_goes_before_the_answer() -> None:
    """The sender loses the turn; the client comes back on another connection and asks again."""
    backend = Backend()
    said: dict[str, Any] = {"action": "message", "messageId": "m1", "text": "x", "after": 0}
    backend.connect(ANA, "dead=")
    backend.memory.gone.add("dead=")
    assert backend.ask(ANA, "dead=", said) == []
    backend.connect(ANA, "back=")
    (frame,) = backend.ask(ANA, "back=", said, function=1)
    assert frame["turn"]["seq"] == 1
    assert live_rows(backend.connections, [ANA]) == {(ANA, "back=")}
