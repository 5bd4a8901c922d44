"""The suite detects: mutants of the lease, the fence and the deltas of a reply that streams.

A writer is paused right before one of its calls of the store; its lease runs out, another takes
over and says something else. What the device got and the table holds is then judged.
"""

import time
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bot.models import Connection, ConversationKey, Message, Outcome, Snapshot, Turn
from bot.ports import Call
from bot.replies.replying import LOOK_SECONDS, TICK_SECONDS, Replying
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from bot.wire.splitting import DeltaCutter
from delivery.audience import LiveAudience
from delivery.fan_out import FanOut
from delivery.memory import MemorySender
from delivery.starting import event_of
from handlers import reply
from handlers.setup.apps import ReplyApp
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import START, FakeClock, Ids
from tests.support.history import History, table
from tests.support.invariants import violations
from tests.support.screen import Screen
from tests.support.stores import Before
from tests.support.streams import LEASE, Talking
from tests.support.turns import ANA, MAIN
from tests.support.workers import Orders, Worker, no_pause
from tests.support.world import Context, Unmeasured

CALLS = ("claim", "turn", "hold", "complete")
"""What a writer asks of the store, besides reading the log."""


def saying(words: str, clock: FakeClock) -> Talking:
    """A bot that says these, while its writer looks once and renews its lease."""

    def stream(
        snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome | None]:
        for word in words.split():
            clock.advance(seconds=max(LOOK_SECONDS, LEASE.total_seconds() * 0.6))
            time.sleep(3 * TICK_SECONDS)
            yield f"{word} "
        return Outcome({"count": 1})

    return Talking(stream)


class Scene:
    """Two functions that write replies, and a device that listens."""

    def __init__(self, store: MemoryConversationStore) -> None:
        self.store, self.clock, self.sender = store, FakeClock(), MemorySender()
        self.connections = MemoryConnectionStore()
        self.connections.add(Connection(ANA, "c1=", "example.test", "prod", START))
        self.history, self.orders, self.ids = History(), Orders(), Ids("writer")

    def write(self, words: str, store: Any) -> None:
        """Invoke a function whose bot says this, and whose store is that."""
        quiet: Any = Unmeasured()
        audience = partial(LiveAudience, self.sender, self.connections, self.clock)
        replying = Replying(
            store=store,
            log=Log(store, self.clock),
            cache=TailCache(),
            bot=saying(words, self.clock),
            audience=audience,
            lease=LEASE,
            clock=self.clock,
            new_id=self.ids,
            pause=no_pause,
        )
        fan_out = FanOut(self.sender, self.connections, self.clock)
        app = ReplyApp(replying, fan_out, quiet, quiet, self.clock)
        reply.answer(app, event_of(self.orders.made[0]), Context())

    def run(self, *at_calls: str) -> set[str]:
        """Pause the first writer there while another takes over; the invariants that are broken."""
        said = {"action": "message", "messageId": "m1", "text": "go"}
        self.history.send(ANA, said)
        user = Worker(self.store, self.clock, bot=saying("", self.clock), starter=self.orders)
        user.say("m1", "go")
        self.orders.made[0] = replace(self.orders.made[0], connection_id="c1=")

        def meanwhile() -> None:
            self.clock.advance(seconds=LEASE.total_seconds() + 1)
            self.write("another says otherwise", self.store)

        first = Before(self.store)
        for at_call in at_calls:
            first.next(at_call, meanwhile)
        self.write("one begins", first)
        self._look()
        return {each.invariant for each in self._violations()}

    def _look(self) -> None:
        frames, screen = self.sender.sent["c1="], Screen()
        self.history.got(ANA, frames, "c1=")
        for frame in frames:
            screen.take(frame)
        self.history.shows(ANA, "c1=", "main", screen.turns.values())

    def _violations(self) -> Any:
        return violations(self.history, {MAIN: table(self.store, MAIN)})


def run(store: type[MemoryConversationStore]) -> set[str]:
    """What is broken, wherever the first writer is paused."""
    found: set[str] = set()
    for at_call in CALLS:
        found |= Scene(store()).run(at_call)
    return found


def test_the_product_as_it_is_passes() -> None:
    assert run(MemoryConversationStore) == set()


class AnyoneClaims(MemoryConversationStore):
    """A claim is written whoever owns the turn, and whatever has become of it."""

    def claim(self, key: ConversationKey, turn: Turn, owner: str, lease_until: float) -> bool:
        with self._lock:
            self._turns[key][turn.seq] = replace(
                turn, owner=owner, lease_until=lease_until, attempt=turn.attempt + 1
            )
        return True


class AnyoneCompletes(MemoryConversationStore):
    """The end of a reply is written whoever owns the turn."""

    def complete(self, key: ConversationKey, turn: Turn) -> bool:
        with self._lock:
            self._turns[key][turn.seq] = replace(turn, lease_until=0.0)
        return True


@pytest.mark.parametrize("mutant", [AnyoneClaims, AnyoneCompletes])
def test_a_mutant_without_the_owners_condition_is_detected(
    mutant: type[MemoryConversationStore],
) -> None:
    assert run(mutant) & {"B", "C"}


def test_a_mutant_whose_deltas_ignore_the_offset_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    framed = DeltaCutter._frame

    def from_the_beginning(self: DeltaCutter, offset: int, piece: str) -> Any:
        return framed(self, 0, piece)

    monkeypatch.setattr(DeltaCutter, "_frame", from_the_beginning)
    assert "C" in Scene(MemoryConversationStore()).run()


def test_a_mutant_that_shows_every_attempt_as_the_first_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    init: Any = LiveAudience.__init__

    def of_the_first(*rest: Any) -> None:
        init(*rest[:-1], replace(rest[-1], attempt=1))

    monkeypatch.setattr(LiveAudience, "__init__", of_the_first)
    assert "C" in run(MemoryConversationStore)
