"""Rows 34 and 35: models that fail in every way, and orders of a reply that come again."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event

import pytest

from bot import limits
from bot.models import Failure, Message, Outcome, Snapshot, Status, Turn
from bot.ports import Call
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import FakeClock
from tests.support.fault_report import Rows
from tests.support.soak import times
from tests.support.streams import Streaming, Talking, Writer, repeating
from tests.support.turns import MAIN
from tests.support.workers import Orders, Worker

Words = Callable[[FakeClock, Call], Iterator[str]]


def raises(clock: FakeClock, call: Call) -> Iterator[str]:
    """Breaks off."""
    raise RuntimeError("model down")


def exits(clock: FakeClock, call: Call) -> Iterator[str]:
    """Ends the process, it believes."""
    raise SystemExit


def hangs(clock: FakeClock, call: Call) -> Iterator[str]:
    """Says nothing until it is closed; the function's time runs out meanwhile."""
    closed = Event()
    call.on_stop(closed.set)
    clock.advance(minutes=10)
    closed.wait(20)
    yield "too late"


def says_a_megabyte(clock: FakeClock, call: Call) -> Iterator[str]:
    """Does not stop."""
    for _ in range(1_024):
        yield "x" * 1_024


def says_no_text(clock: FakeClock, call: Call) -> Iterator[str]:
    """Yields what is no text."""
    yield b"bytes"  # type: ignore[misc]


def says_no_character(clock: FakeClock, call: Call) -> Iterator[str]:
    """Yields half a character."""
    yield "\ud800"


def is_silent(clock: FakeClock, call: Call) -> Iterator[str]:
    """Ends without a word."""
    yield from ()


MODELS: dict[str, tuple[Words, Failure]] = {
    "raises": (raises, Failure.BOT),
    "exits": (exits, Failure.BOT),
    "hangs": (hangs, Failure.TIMED_OUT),
    "a megabyte": (says_a_megabyte, Failure.TOO_LONG),
    "no text": (says_no_text, Failure.BOT),
    "no character": (says_no_character, Failure.BOT),
    "silent": (is_silent, Failure.EMPTY),
}


def failing(words: Words, clock: FakeClock, said: str) -> Streaming:
    """A model that says something, and then fails like that."""

    def stream(
        snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome | None]:
        if said:
            yield said
        yield from words(clock, call)
        return Outcome({"count": 99})

    return stream


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("begun", [False, True], ids=["at once", "in mid-stream"])
def test_a_model_that_fails_ends_its_turn_with_what_there_was(
    row: Rows, kind: str, begun: bool
) -> None:
    words, failure = MODELS[kind]
    for seed in range(times(1, 14)):
        with row(34, seed=seed) as run:
            store, clock, orders = MemoryConversationStore(), FakeClock(), Orders()
            said = "x" * (1 + Random(seed).randrange(2_000)) if begun else ""
            bot = Talking(failing(words, clock, said))
            user = Worker(store, clock, bot=bot, starter=orders)
            user.say("m1")
            written = Writer(store, clock, bot).write(orders.made[0])
            run.inject()
            turn = store.turn(MAIN, 1)
            assert turn
            assert written
            assert written.turn == turn
            assert turn.state == {} or (kind == "silent" and begun), "of what failed nothing stays"
            _ended_as_it_must(turn, kind, said, failure)
            assert Writer(store, clock, bot).write(orders.made[0]) is None
            assert len(bot.asked) == 1, "it is not asked again for what has ended"
            clock.advance(minutes=1)
            user.say("m2")
            assert Writer(store, clock).write(orders.made[1]), "the conversation goes on"
            assert user.seqs() == [1, 2]


def _ended_as_it_must(turn: Turn, kind: str, said: str, failure: Failure) -> None:
    if kind == "silent" and said:
        assert (turn.status, turn.reply, turn.failure) == (Status.DONE, said, None)
    elif kind == "a megabyte":
        assert (turn.status, turn.failure) == (Status.FAILED, failure)
        assert turn.reply == "x" * limits.MAX_REPLY_CHARACTERS
    else:
        assert (turn.status, turn.reply, turn.failure) == (Status.FAILED, said, failure)


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one after the other"])
def test_an_order_that_comes_two_or_three_times_is_written_once(row: Rows, at_once: bool) -> None:
    for seed in range(times(5, 75)):
        with row(35, seed=seed) as run:
            store, clock, orders = MemoryConversationStore(), FakeClock(), Orders()
            bot, copies = Talking(repeating), 2 + seed % 2
            user = Worker(store, clock, bot=bot, starter=orders)
            user.say("m1", "one two three")
            writers = [Writer(store, clock, bot) for _ in range(copies)]
            with ThreadPoolExecutor(copies if at_once else 1) as pool:
                written = list(pool.map(Writer.write, writers, orders.made * copies))
            run.inject(copies - 1)
            (won,) = [each for each in written if each]
            assert len(bot.asked) == 1
            turn = store.turn(MAIN, 1)
            assert turn
            assert turn == won.turn
            assert (turn.status, turn.reply) == (Status.DONE, "one two three ")
            assert [len(each.audiences) for each in writers].count(1) == 1, "no other told a word"
