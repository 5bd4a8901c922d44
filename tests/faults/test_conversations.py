"""Rows 23 to 25, 29, 32 and 33, on the embedded engine's tables."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from random import Random
from threading import Barrier
from typing import Any

import pytest

from bot import limits
from bot.answers import encode
from bot.models import ConversationKey
from tests.support.backend import Backend
from tests.support.clock import START
from tests.support.device import Device
from tests.support.history import History, table, violations
from tests.support.soak import times
from tests.support.turns import a_turn

NewUser = Callable[[], str]


def said(name: str, after: int = 0, **fields: Any) -> dict[str, Any]:
    """A message."""
    text = f"text of {name}"
    return {"action": "message", "messageId": name, "text": text, "after": after, **fields}


def together(count: int, do: Callable[[int], Any]) -> list[Any]:
    """Do it so many times at once."""
    barrier = Barrier(count)

    def one(number: int) -> Any:
        barrier.wait()
        return do(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def filled(backend: Backend, user: str, count: int, **fields: Any) -> ConversationKey:
    """A conversation of so many turns."""
    key = ConversationKey(user, "main")
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda seq: backend.conversations.append(key, a_turn(seq, **fields)),
                range(1, count + 1),
            )
        )
    return key


@pytest.mark.parametrize("copies", [2, 5, 10])
def test_one_message_from_two_devices_at_once_is_one_turn(
    backend: Backend, new_user: NewUser, copies: int
) -> None:
    backend.functions = [backend.new_function() for _ in range(copies)]

    def send(user: str, number: int) -> None:
        backend.send(user, f"c{number % 2}=", said("m1", 1), number)

    for _ in range(times(2, 150)):
        user = new_user()
        backend.ask(user, "before=", said("m0"))
        together(copies, partial(send, user))
        got = backend.got("c0=") + backend.got("c1=")
        assert len(got) == copies
        assert all(frame == got[0] for frame in got)
        turns = table(backend.conversations, ConversationKey(user, "main"))
        assert [turn.message_id for turn in turns] == ["m0", "m1"]


@pytest.mark.parametrize("later", [1, 500, times(1_010, 1_500)])
def test_a_message_sent_again_long_after_gets_its_turn(
    backend: Backend, user: str, later: int
) -> None:
    first = backend.ask(user, "c=", said("first"))
    epoch = first[0]["epoch"]
    key = ConversationKey(user, "main")
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda seq: backend.conversations.append(key, a_turn(seq, epoch)),
                range(2, later + 2),
            )
        )
    for function in (backend.functions[0], backend.new_function()):
        backend.functions = [function]
        assert backend.ask(user, "c=", said("first")) == first
        assert backend.ask(user, "c=", said("first", epoch=epoch)) == first
        (refused,) = backend.ask(user, "c=", said("first", text="another"))
        assert (refused["code"], refused["retryable"]) == ("bad_request", False)
    assert len(table(backend.conversations, key)) == later + 1


@pytest.mark.parametrize("writers", [2, 8, times(16, 50)])
def test_writers_at_once_make_one_gapless_order(backend: Backend, user: str, writers: int) -> None:
    history = History()
    backend.functions = [backend.new_function() for _ in range(writers)]
    for number in range(writers):
        history.send(user, said(f"m{number}"))
    together(writers, lambda n: backend.send(user, "c=", said(f"m{n}"), n))
    history.got(user, backend.got("c="))
    turns = table(backend.conversations, ConversationKey(user, "main"))
    assert violations(history, {user: turns}) == []
    assert len(turns) == writers


def test_a_resume_from_anywhere_brings_the_gap_or_declares_the_loss(
    backend: Backend, user: str
) -> None:
    filled(backend, user, 60)
    history = History()
    for after in (0, 1, 9, 10, 30, 59, 60):
        history.resume(after, backend.ask(user, "c=", {"action": "resume", "after": after}), 60)
    assert violations(history, {}) == []
    for place in ({"after": 61}, {"after": 5, "epoch": "other"}, {"epoch": "other"}):
        (frame,) = backend.ask(user, "c=", {"action": "resume", **place})
        assert (frame["reset"], frame["turns"][-1]["seq"]) == (True, 60)
    (refused,) = backend.ask(user, "c=", {"action": "resume", "after": -1})
    assert refused["code"] == "bad_request"


def test_rows_that_have_expired_but_are_still_there_are_as_absent(
    backend: Backend, user: str
) -> None:
    soon = int((START + timedelta(hours=1)).timestamp())
    key = filled(backend, user, 5, expires_at=soon)
    for seq in range(6, 9):
        backend.conversations.append(key, a_turn(seq))
    backend.clock.advance(hours=2)
    (snapshot,) = backend.ask(user, "c=", {"action": "resume"})
    assert [turn["seq"] for turn in snapshot["turns"]] == [6, 7, 8]
    (old,) = backend.ask(user, "c=", {"action": "resume", "after": 2})
    assert old["reset"] is True
    (page,) = backend.ask(user, "c=", {"action": "history", "before": 7})
    assert [turn["seq"] for turn in page["turns"]] == [6]
    for action in ("stop", "feedback"):
        (error,) = backend.ask(user, "c=", {"action": action, "seq": 3, "rating": "up"})
        assert error["code"] == "not_found"
    (fresh,) = backend.ask(user, "c=", said("m3", 2))
    assert fresh["turn"]["seq"] == 9, "its turn has expired"


def test_a_long_history_comes_whole_whichever_way_it_is_asked_for(
    backend: Backend, user: str
) -> None:
    length = times(1_050, 5_000)
    filled(backend, user, length)
    device, place = Device(), {"after": 0}
    while True:
        frames = backend.ask(user, "c=", {"action": "resume", **place})
        device.take(frames)
        if not frames[-1]["more"]:
            break
        place = {"after": frames[-1]["next"]}
    assert [turn["seq"] for turn in device.shown] == list(range(1, length + 1))
    before, seen = length + 1, list[int]()
    while True:
        (page,) = backend.ask(user, "c=", {"action": "history", "before": before, "limit": 100})
        seen = [turn["seq"] for turn in page["turns"]] + seen
        if not page["more"]:
            break
        before = seen[0]
    assert seen == list(range(1, length + 1))


def test_pages_of_a_megabyte_cut_nothing_silently(backend: Backend, user: str) -> None:
    """Large states fill the table's page long before the frame is full."""
    chance = Random(3)
    state = {"a": "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=32_000))}
    filled(backend, user, 70, state=state)
    before, seen = 71, list[int]()
    while True:
        (page,) = backend.ask(user, "c=", {"action": "history", "before": before, "limit": 100})
        seen = [turn["seq"] for turn in page["turns"]] + seen
        if not page["more"]:
            break
        before = seen[0]
    assert seen == list(range(1, 71))
    device, place = Device(), {"after": 0}
    while True:
        frames = backend.ask(user, "c=", {"action": "resume", **place})
        device.take(frames)
        if not frames[-1]["more"]:
            break
        place = {"after": frames[-1]["next"]}
    assert [turn["seq"] for turn in device.shown] == list(range(1, 71))
    assert backend.ask(user, "c=", said("m1", text="text 1"))[0]["turn"]["seq"] == 1


def test_the_largest_turn_is_kept_and_sent_whole(backend: Backend, user: str) -> None:
    chance = Random(5)

    def letters(count: int) -> str:
        return "".join(chr(chance.randrange(0x10000, 0x1FFFF)) for _ in range(count))

    turn = a_turn(
        1,
        text=letters(limits.MAX_TEXT_CHARACTERS),
        reply=letters(limits.MAX_REPLY_CHARACTERS),
        state={"a": letters(limits.MAX_STATE_BYTES // 4 - 4)},
        message_id="m" * limits.MAX_MESSAGE_ID_CHARACTERS,
    )
    key = ConversationKey(user, "main")
    assert backend.conversations.append(key, turn) is None
    assert backend.conversations.turn(key, 1) == turn
    device = Device()
    frames = backend.ask(user, "c=", {"action": "resume"})
    assert max(len(encode(frame)) for frame in frames) < 32 * 1024
    device.take(frames)
    assert (device.shown[0]["text"], device.shown[0]["reply"]) == (turn.text, turn.reply)
