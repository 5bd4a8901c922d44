"""Rows 13, 14, 17, 20, 21 and 26: late, lost and doubled disconnects; frames that get lost."""

from itertools import permutations
from random import Random
from typing import Any

import pytest

from bot.errors import ConnectionGone, SendFailed
from bot.models import ConversationKey
from delivery.memory import MemorySender
from tests.support.backend import Backend
from tests.support.history import History, table, violations
from tests.support.soak import times
from tests.support.turns import ANA

MAIN = ConversationKey(ANA, "main")


def said(number: int, after: int = 0) -> dict[str, Any]:
    """A message."""
    return {"action": "message", "messageId": f"m{number}", "text": f"t{number}", "after": after}


def live(backend: Backend) -> set[tuple[str, str]]:
    """Whose rows are active."""
    return {(ANA, each.connection_id) for each in backend.connections.live(ANA, backend.clock())}


@pytest.mark.parametrize("seed", range(times(20, 700)))
def test_a_late_lost_or_doubled_disconnect_touches_no_newer_connection(seed: int) -> None:
    chance, backend, history = Random(seed), Backend(), History()
    pending: list[str] = []
    for number in range(12):
        name = f"c{number}="
        backend.connect(ANA, name)
        history.open.add((ANA, name))
        got = backend.ask(ANA, name, said(number))
        history.send(ANA, said(number))
        history.got(ANA, got)
        if chance.random() < 0.6:  # reconnects later; its $disconnect comes late, twice or never
            history.open.discard((ANA, name))
            backend.memory.gone.add(name)
            pending += [name] * chance.choice([0, 1, 1, 2])
        chance.shuffle(pending)
        while pending and chance.random() < 0.5:
            backend.disconnect(chance.choice([ANA, None]), pending.pop())
        backend.clock.advance(seconds=chance.randrange(60))
    history.active = live(backend)
    turns = table(backend.conversations, MAIN)
    assert violations(history, {ANA: turns}) == []


STEPS = ("connect new", "disconnect old", "turn", "disconnect old again")


@pytest.mark.row(14)
@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
def test_a_connect_between_any_two_steps_of_a_disconnect_is_not_undone(
    order: tuple[str, ...],
) -> None:
    backend = Backend()
    backend.connect(ANA, "old=")
    backend.memory.gone.add("old=")
    for step in order:
        if step == "connect new":
            backend.connect(ANA, "new=")
        elif step == "turn":
            backend.send(ANA, "other=", said(1))
        else:
            backend.disconnect(ANA, "old=")
    assert live(backend) == {(ANA, "new=")}
    backend.memory.sent.clear()
    backend.send(ANA, "other=", said(2))
    assert [frame["type"] for frame in backend.got("new=")] == ["turn"]


def test_rows_that_no_disconnect_ever_ended_are_not_served_for_ever() -> None:
    backend = Backend()
    backend.connect(ANA, "lost=")
    backend.clock.advance(hours=3)
    backend.send(ANA, "other=", said(1))
    assert backend.got("lost=") == []


def test_two_tabs_and_a_phone_see_the_same_though_one_closes() -> None:
    backend = Backend()
    for name in ("tab1=", "tab2=", "phone="):
        backend.connect(ANA, name)
    backend.send(ANA, "tab1=", said(1))
    backend.disconnect(ANA, "tab1=")
    backend.send(ANA, "phone=", said(2, 1), function=1)
    for name in ("tab2=", "phone="):
        backend.got(name)
        assert [turn["messageId"] for turn in backend.devices[name].shown] == ["m1", "m2"]


class Unreliable(MemorySender):
    """Loses frames, sends them twice, and says so or not."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = Random(seed)

    def send(self, connection_id: str, frame: bytes) -> None:
        """See the port."""
        fate = self._chance.choice(["arrives", "arrives", "twice", "lost", "failed", "both"])
        if fate in ("arrives", "twice", "both"):
            super().send(connection_id, frame)
        if fate == "twice":
            super().send(connection_id, frame)
        if fate in ("failed", "both"):
            raise SendFailed("InternalServerError")


@pytest.mark.parametrize("seed", range(times(20, 350)))
def test_frames_lost_or_doubled_on_the_way_end_in_the_same_conversation(seed: int) -> None:
    backend, history = Backend(), History()
    backend.sender = backend.memory = Unreliable(seed)
    backend.functions = [backend.new_function() for _ in range(2)]
    for name in ("a=", "b="):
        backend.connect(ANA, name)
    for number in range(15):
        frame = said(number, backend.devices["a="].head)
        for attempt in range(200):
            history.send(ANA, frame)
            got = backend.ask(ANA, "a=", frame, function=attempt)
            history.got(ANA, got)
            if any(each["type"] == "turn" for each in got):
                break
        backend.got("b=")
    for name, device in backend.devices.items():
        for _ in range(200):
            frames = backend.ask(ANA, name, {"action": "resume", **device.place})
            if device.head == 15 and frames:
                break
        shown = [(turn["seq"], turn["messageId"]) for turn in device.shown]
        assert shown == [(number + 1, f"m{number}") for number in range(15)]
    assert violations(history, {ANA: table(backend.conversations, MAIN)}) == []


def test_a_push_to_a_connection_whose_handshake_lasts_is_made_good_by_its_resume() -> None:
    """Row 26: the row is there, API Gateway still says 410, and the next turns must reach it."""
    backend = Backend()
    backend.connect(ANA, "old=")
    backend.clock.advance(minutes=5)
    backend.connect(ANA, "new=")
    backend.memory.gone.add("new=")
    backend.send(ANA, "old=", said(1))
    backend.memory.gone.clear()
    backend.clock.advance(seconds=2)
    backend.ask(ANA, "new=", {"action": "resume"})
    backend.send(ANA, "old=", said(2, 1))
    backend.got("new=")
    assert [turn["messageId"] for turn in backend.devices["new="].shown] == ["m1", "m2"]


def test_every_message_is_answered_though_its_connection_goes_before_the_answer() -> None:
    """The sender loses the turn; the client comes back on another connection and asks again."""
    backend = Backend()

    class Gone(MemorySender):
        def send(self, connection_id: str, frame: bytes) -> None:
            if connection_id == "dead=":
                raise ConnectionGone
            super().send(connection_id, frame)

    backend.sender = backend.memory = Gone()
    backend.functions = [backend.new_function() for _ in range(2)]
    backend.connect(ANA, "dead=")
    assert backend.ask(ANA, "dead=", said(1)) == []
    backend.connect(ANA, "back=")
    (frame,) = backend.ask(ANA, "back=", said(1), function=1)
    assert frame["turn"]["seq"] == 1
    assert live(backend) == {(ANA, "back=")}
