"""The suite detects: each of these mutants of Parley must make the check fail that is for it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from threading import Barrier
from typing import Any

import pytest

from bot.models import Connection, ConversationKey, Message, Reply, Snapshot, Turn
from bot.turns.turns import Turns
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support.backend import Backend
from tests.support.bots import Parrot
from tests.support.history import History, Tables, live_rows, table
from tests.support.invariants import violations
from tests.support.turns import ANA, BEN

MAIN = ConversationKey(ANA, "main")
WRITERS = 8


class NoCondition(MemoryConversationStore):
    """The put has lost its condition."""

    def append(self, key: ConversationKey, turn: Turn) -> None:
        with self._lock:
            self._turns.setdefault(key, {})[turn.seq] = turn


class ByUserAlone(MemoryConnectionStore):
    """Connections are keyed by user: a user has one row, as in the sample this began from."""

    def add(self, connection: Connection) -> None:
        self._rows[connection.user_id, "the one"] = (connection, True)

    def deactivate(self, user_id: str, connection_id: str, at: Any) -> None:
        super().deactivate(user_id, "the one", at)


class NoConditionOnTheEnd(MemoryConnectionStore):
    """A disconnect ends whatever the user has open."""

    def deactivate(self, user_id: str, connection_id: str, at: Any) -> None:
        for user, connection in list(self._rows):
            if user == user_id:
                super().deactivate(user, connection, at)


class OfAnyUser(MemoryConversationStore):
    """Conversations are looked up without their user."""

    def newest(self, key: ConversationKey, limit: int) -> Any:
        return super().newest(replace(key, user_id="all"), limit)

    def append(self, key: ConversationKey, turn: Turn) -> Turn | None:
        return super().append(replace(key, user_id="all"), turn)


class Forgetful(MemoryConversationStore):
    """Says that it has written, and has not."""

    def append(self, key: ConversationKey, turn: Turn) -> Turn | None:
        return None if turn.seq == 3 else super().append(key, turn)


class Meeting(Parrot):
    """Answers nobody until all writers have asked: they all saw the same snapshot."""

    def __init__(self) -> None:
        self._barrier = Barrier(WRITERS)
        self._asked = count()

    def reply(self, snapshot: Snapshot, message: Message) -> Reply:
        if next(self._asked) < WRITERS:
            self._barrier.wait(30)
        return super().reply(snapshot, message)


def said(name: str, after: int = 0) -> dict[str, Any]:
    """A message."""
    return {"action": "message", "messageId": name, "text": f"text of {name}", "after": after}


def run(backend: Backend) -> set[str]:
    """A short run in which everything happens that a mutant gets wrong; the letters that fail."""
    history = History()
    backend.bot = Meeting()
    backend.functions = [backend.new_function() for _ in range(WRITERS)]
    for name in ("old=", "new="):
        backend.connect(ANA, name)
    backend.connect(BEN, "ben=")
    backend.disconnect(ANA, "old=")
    history.opened(ANA, "new=")
    history.opened(BEN, "ben=")
    for number in range(WRITERS):
        history.send(ANA, said(f"m{number}"))
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda n: backend.send(ANA, "new=", said(f"m{n}"), n), range(WRITERS)))
    history.got(ANA, backend.got("new="))
    for number in range(4):  # sent again, to other functions
        history.got(ANA, backend.ask(ANA, "new=", said(f"m{number}"), number + 3))
    history.got(BEN, backend.ask(BEN, "ben=", {"action": "resume"}))
    head = len(table(backend.conversations, MAIN))
    for after in range(head + 1):
        asked = {"action": "resume", "after": after}
        history.resume(ANA, after, backend.ask(ANA, "new=", asked), head)
    history.active = live_rows(backend.connections, (ANA, BEN))
    return letters(history, {MAIN: table(backend.conversations, MAIN)})


def letters(history: History, tables: Tables) -> set[str]:
    """The invariants that a run has broken."""
    return {violation.invariant for violation in violations(history, tables)}


def test_the_product_as_it_is_passes() -> None:
    assert run(Backend()) == set()


@pytest.mark.parametrize(
    ("mutant", "detected"),
    [(NoCondition, "A"), (OfAnyUser, "E"), (Forgetful, "A")],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_mutant_of_the_conversation_store_is_detected(mutant: Any, detected: str) -> None:
    assert detected in run(Backend(conversations=mutant()))


@pytest.mark.parametrize("mutant", [ByUserAlone, NoConditionOnTheEnd])
def test_a_mutant_of_the_connection_store_is_detected(mutant: Any) -> None:
    assert "D" in run(Backend(connections=mutant()))


def test_a_mutant_that_skips_deduplication_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    take = Turns.take

    def under_another_name(self: Turns, key: Any, message: Any, *place: Any) -> Any:
        taken = take(self, key, replace(message, message_id=self.new_id()), *place)
        kept = self.store._turns[key]  # type: ignore[attr-defined]
        kept[taken.turn.seq] = replace(taken.turn, message_id=message.message_id)
        return replace(taken, turn=kept[taken.turn.seq])

    monkeypatch.setattr(Turns, "take", under_another_name)
    assert "B" in run(Backend())


def test_a_mutant_that_replays_from_zero_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "bot.turn_log.log.Log.after", lambda self, key, tail, seq, limit: tail.turns
    )
    monkeypatch.setattr("bot.conversations._is_gapless", lambda *gap: True)
    assert "C" in run(Backend())


def test_a_mutant_that_answers_nothing_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delivery.memory.MemorySender.send", lambda self, connection, frame: None)
    assert "H" in run(Backend())


def test_a_mutant_whose_turns_are_made_from_an_old_snapshot_is_detected() -> None:
    class Gapped(MemoryConversationStore):
        """A late writer gets the next free place, with a reply to something else."""

        def append(self, key: ConversationKey, turn: Turn) -> Turn | None:
            while super().append(key, turn) is not None:
                turn = replace(turn, seq=turn.seq + 1)
            return None

    assert run(Backend(conversations=Gapped())) & {"A", "B", "C"}
