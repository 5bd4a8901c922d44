"""Rows 23 to 25, 29, 32 and 33, on the embedded engine's tables."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from random import Random
from threading import Barrier
from typing import Any

import pytest

from bot import limits
from bot.models import ConversationKey, Turn
from bot.wire.answers import encode
from store.dynamo.items import turn_item
from tests.support import engine
from tests.support.backend import Backend
from tests.support.clock import FakeClock
from tests.support.device import Device
from tests.support.fault_report import Rows
from tests.support.history import History, table
from tests.support.invariants import check
from tests.support.soak import SOAK, times
from tests.support.turns import ANA, a_turn

NewUser = Callable[[], str]
BATCH = 25
"""Items that BatchWriteItem takes."""


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


def fill(key: ConversationKey, turns: Iterable[Turn]) -> None:
    """Write turns straight into the engine's table, as many at a time as it takes."""
    puts = [{"PutRequest": {"Item": turn_item(key, turn)}} for turn in turns]
    for start in range(0, len(puts), BATCH):
        request = {"SessionsTable": puts[start : start + BATCH]}
        written = engine.running().dynamodb.batch_write_item(RequestItems=request)
        assert not written["UnprocessedItems"]


def filled(user: str, count: int, **fields: Any) -> ConversationKey:
    """A conversation of so many turns."""
    key = ConversationKey(user, "main")
    fill(key, (a_turn(seq, **fields) for seq in range(1, count + 1)))
    return key


@pytest.mark.parametrize("copies", [2, 5, 10])
def test_one_message_from_two_devices_at_once_is_one_turn(
    row: Rows, backend: Backend, new_user: NewUser, copies: int
) -> None:
    backend.functions = [backend.new_function() for _ in range(copies)]

    def send(user: str, number: int) -> None:
        backend.send(user, f"c{number % 2}=", said("m1", 1), number)

    for number in range(times(2, 75)):
        with row(23, seed=number) as run:
            user, history = new_user(), History()
            for name in ("m0", *["m1"] * copies):
                history.send(user, said(name, 1))
            history.got(user, backend.ask(user, "before=", said("m0")))
            together(copies, partial(send, user))
            run.inject(copies - 1)
            got = backend.got("c0=") + backend.got("c1=")
            history.got(user, got)
            assert len(got) == copies
            assert all(frame == got[0] for frame in got)
            key = ConversationKey(user, "main")
            turns = table(backend.conversations, key)
            check(history, {key: turns})
            assert [turn.message_id for turn in turns] == ["m0", "m1"]


@pytest.mark.parametrize("later", [1, 500, *([1_500] if SOAK else [])])
def test_a_message_sent_again_long_after_gets_its_turn(
    row: Rows, backend: Backend, user: str, later: int
) -> None:
    first = backend.ask(user, "c=", said("first"))
    epoch = first[0]["epoch"]
    key = ConversationKey(user, "main")
    fill(key, (a_turn(seq, epoch) for seq in range(2, later + 2)))
    for function in (backend.functions[0], backend.new_function()):
        backend.functions = [function]
        with row(23, seed=later) as run:
            run.inject(2)
            assert backend.ask(user, "c=", said("first")) == first
            assert backend.ask(user, "c=", said("first", epoch=epoch)) == first
        with row(24, seed=later) as run:
            run.inject()
            (refused,) = backend.ask(user, "c=", said("first", text="another"))
            assert (refused["code"], refused["retryable"]) == ("bad_request", False)
    assert len(table(backend.conversations, key)) == later + 1


def test_a_message_id_that_was_used_is_refused_with_another_text(row: Rows) -> None:
    """From any device, however much was said since, and while others send the same."""
    for seed in range(times(5, 50)):
        with row(24, seed=seed) as run:
            chance, backend, history = Random(seed), Backend(), History()
            for number in range(1 + chance.randrange(30)):
                frame = said(f"m{number}", number)
                history.send(ANA, frame)
                history.got(ANA, backend.ask(ANA, "c=", frame, function=number))
            key = ConversationKey(ANA, "main")
            before = table(backend.conversations, key)
            for function in range(3):
                used = chance.choice(before)
                text = chance.choice([used.text + "!", used.text.upper(), " "])
                frame = said(used.message_id, chance.randrange(used.seq), text=text)
                run.inject()
                (refused,) = backend.ask(ANA, f"c{function}=", frame, function)
                assert (refused["code"], refused["retryable"]) == ("bad_request", False)
            check(history, {key: table(backend.conversations, key)})
            assert table(backend.conversations, key) == before


@pytest.mark.parametrize(("writers", "full"), [(2, 400), (8, 60), (16, 20)])
def test_writers_at_once_make_one_gapless_order(
    row: Rows, backend: Backend, new_user: NewUser, writers: int, full: int
) -> None:
    backend.functions = [backend.new_function() for _ in range(writers)]
    for seed in range(times(1, full)):
        with row(29, seed=seed) as run:
            user, history = new_user(), History()
            for number in range(writers):
                history.send(user, said(f"m{number}"))
            send = partial(backend.send, user, "c=")
            together(writers, lambda n, send=send: send(said(f"m{n}"), n))  # type: ignore[misc]
            history.got(user, backend.got("c="))
            key = ConversationKey(user, "main")
            turns = table(backend.conversations, key)
            check(history, {key: turns})
            assert len(turns) == writers
            run.inject(writers - 1)


def test_a_resume_from_anywhere_brings_the_gap_or_declares_the_loss(
    row: Rows, backend: Backend, user: str
) -> None:
    head = 60
    filled(user, head)
    for seed in range(times(5, 25)):
        with row(25, seed=seed) as run:
            chance, history = Random(seed), History()
            after = chance.randrange(head + 1)
            gap = backend.ask(user, "c=", {"action": "resume", "after": after})
            history.resume(user, after, gap, head)
            check(history, {})
            ahead = {"after": head + 1 + chance.randrange(10**6)}
            elsewhere = {"after": after, "epoch": f"other{seed}"}
            for place in (ahead, elsewhere, {"epoch": f"other{seed}"}):
                run.inject()
                (frame,) = backend.ask(user, "c=", {"action": "resume", **place})
                assert (frame["reset"], frame["turns"][-1]["seq"]) == (True, head)
            for nonsense in (-1 - chance.randrange(10**6), 10**10, 1.5, "1", True, [1]):
                run.inject()
                (refused,) = backend.ask(user, "c=", {"action": "resume", "after": nonsense})
                assert refused["code"] == "bad_request"


def test_rows_that_have_expired_but_are_still_there_are_as_absent(
    row: Rows, backend: Backend, new_user: NewUser
) -> None:
    """Row 33; and a conversation of which nothing has been left in time begins anew."""
    started = backend.clock()
    soon = int((started + timedelta(hours=1)).timestamp())
    for seed in range(times(2, 10)):
        with row(33, seed=seed) as run:
            chance, user = Random(seed), new_user()
            gone, left = 2 + chance.randrange(8), chance.randrange(4)
            backend.clock = FakeClock(started)
            backend.functions = [backend.new_function() for _ in range(2)]
            key = filled(user, gone, expires_at=soon)
            for seq in range(gone + 1, gone + left + 1):
                backend.conversations.append(key, a_turn(seq))
            backend.clock.advance(hours=2)
            run.inject(gone)
            live = list(range(gone + 1, gone + left + 1))
            (snapshot,) = backend.ask(user, "c=", {"action": "resume"})
            assert [turn["seq"] for turn in snapshot["turns"]] == live
            (old,) = backend.ask(user, "c=", {"action": "resume", "after": 1, "epoch": "e1"})
            assert old["reset"] is True
            (page,) = backend.ask(user, "c=", {"action": "history", "before": gone + 2})
            assert [turn["seq"] for turn in page["turns"]] == live[:1]
            for action in ("stop", "feedback"):
                asked = {"action": action, "seq": 1 + chance.randrange(gone), "rating": "up"}
                (error,) = backend.ask(user, "c=", asked)
                assert error["code"] == "not_found"
            (fresh,) = backend.ask(user, "c=", said("m1", 1))
            assert fresh["turn"]["seq"] == gone + left + 1, "its turn has expired"


def test_a_long_history_comes_whole_whichever_way_it_is_asked_for(
    row: Rows, backend: Backend, user: str
) -> None:
    length = times(1_050, 5_000)
    filled(user, length)
    for seed in range(times(1, 12)):
        with row(32, seed=seed) as run:
            after = Random(seed).randrange(length) if seed else 0
            assert resumed(backend, user, after) == list(range(after + 1, length + 1))
            run.inject()
    with row(32) as run:
        assert paged(backend, user, length + 1) == list(range(1, length + 1))
        run.inject()


def resumed(backend: Backend, user: str, after: int) -> list[int]:
    """What a device gets that asks for all after that, until nothing is missing."""
    device, place = Device(), {"after": after}
    device.turns = {after: {"seq": after}} if after else {}
    while True:
        frames = backend.ask(user, "c=", {"action": "resume", **place})
        device.take(frames)
        if not frames[-1]["more"]:
            break
        place = {"after": frames[-1]["next"]}
    return [turn["seq"] for turn in device.shown if turn["seq"] > after]


def paged(backend: Backend, user: str, before: int) -> list[int]:
    """What a device gets that scrolls back to the beginning."""
    seen: list[int] = []
    while True:
        asked = {"action": "history", "before": before, "limit": 100}
        (page,) = backend.ask(user, "c=", asked)
        seen = [turn["seq"] for turn in page["turns"]] + seen
        if not page["more"]:
            return seen
        before = seen[0]


def test_pages_of_a_megabyte_cut_nothing_silently(
    row: Rows, backend: Backend, new_user: NewUser
) -> None:
    """Large states fill the table's page long before the frame is full."""
    for seed in range(times(1, 4)):
        with row(32, seed=seed) as run:
            chance, user = Random(seed), new_user()
            letters = chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=32_000)
            filled(user, 70, state={"a": "".join(letters)})
            assert paged(backend, user, 71) == list(range(1, 71))
            assert resumed(backend, user, 0) == list(range(1, 71))
            again = backend.ask(user, "c=", said("m1", text="text 1"))[0]
            assert again["turn"]["seq"] == 1
            run.inject()


LETTERS = [(0x10000, 0x1FFFF), (0x20, 0x7E), (0x1, 0x1F), (0x4E00, 0x9FFF), (0x80, 0x7FF)]
"""Of four bytes, of one, escaped in JSON, of three, of two."""


@pytest.mark.parametrize("first", LETTERS, ids=str)
@pytest.mark.parametrize("seed", range(times(1, 4)))
def test_the_largest_turn_is_kept_and_sent_whole(
    row: Rows, backend: Backend, user: str, first: tuple[int, int], seed: int
) -> None:
    chance = Random(seed)

    def letters(count: int) -> str:
        return "".join(chr(chance.randint(*first)) for _ in range(count))

    turn = a_turn(
        1,
        text=letters(limits.MAX_TEXT_CHARACTERS),
        reply=letters(limits.MAX_REPLY_CHARACTERS),
        state={"a": letters(limits.MAX_STATE_BYTES // 6 - 4)},
        message_id="m" * limits.MAX_MESSAGE_ID_CHARACTERS,
    )
    with row(32, seed=seed) as run:
        key = ConversationKey(user, "main")
        assert backend.conversations.append(key, turn) is None
        assert backend.conversations.turn(key, 1) == turn
        device = Device()
        frames = backend.ask(user, "c=", {"action": "resume"})
        assert max(len(encode(frame)) for frame in frames) < 32 * 1024
        device.take(frames)
        assert (device.shown[0]["text"], device.shown[0]["reply"]) == (turn.text, turn.reply)
        run.inject()
