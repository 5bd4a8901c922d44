"""A bot that streams is a stranger's code: whatever it does, its reply ends, once."""

import math
from collections.abc import Callable, Generator
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from bot import limits
from bot.errors import BotFailed
from bot.models import Failure, Outcome, Reply, Status, Turn, Usage
from bot.replies.answering import in_pieces
from bot.replies.calls import Reading
from store.memory.conversations import MemoryConversationStore
from tests.support.bots import Scripted
from tests.support.clock import FakeClock
from tests.support.streams import PATIENCE_SECONDS, Talking, Writer
from tests.support.turns import MAIN
from tests.support.workers import Orders, Worker

Store = MemoryConversationStore
Stream = Generator[str, None, Outcome | None]


def saying(*pieces: Any, outcome: Any = None, error: BaseException | None = None) -> Talking:
    """A bot that says these, and ends so."""

    def stream(snapshot: Any, message: Any, call: Any) -> Stream:
        yield from pieces
        if error:
            raise error
        kept: Outcome | None = outcome
        return kept

    return Talking(stream)


def replied(bot: Any, store: Store | None = None, clock: FakeClock | None = None) -> Turn:
    """The turn that a bot's reply ends."""
    store, clock = store or Store(), clock or FakeClock()
    orders = Orders()
    head = store.newest(MAIN, 1).turns
    seq = head[0].seq + 1 if head else 1
    Worker(store, clock, bot=saying("x"), starter=orders).say(f"m{seq}", "hi")
    written = Writer(store, clock, bot).write(orders.made[0], clock() + timedelta(minutes=5))
    assert written
    assert written.turn == store.turn(MAIN, seq)
    assert "secret" not in written.reason
    return written.turn


def said(turn: Turn) -> tuple[Status, Failure | None, str]:
    """How it ended."""
    return turn.status, turn.failure, turn.reply


ERRORS = [
    ValueError("a secret"),
    RecursionError(),
    StopIteration("a secret"),
    GeneratorExit(),
    SystemExit("a secret"),
    KeyboardInterrupt(),
    MemoryError(),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("pieces", [(), ("a ", "b ")], ids=["at once", "on the way"])
def test_what_was_said_stands_whatever_a_bot_raises(
    pieces: tuple[str, ...], error: BaseException
) -> None:
    bot = saying(*pieces, error=error)
    assert said(replied(bot)) == (Status.FAILED, Failure.BOT, "".join(pieces))


def test_a_bot_that_raises_before_it_streams_has_failed() -> None:
    def refuse(snapshot: Any, message: Any, call: Any) -> Stream:
        raise RuntimeError("a secret")

    assert said(replied(Talking(refuse))) == (Status.FAILED, Failure.BOT, "")


@pytest.mark.parametrize(
    "answer",
    [None, "text", 5, ["a", "b"], iter("ab"), Reply("x")],
    ids=lambda answer: type(answer).__name__,
)
def test_what_is_no_generator_is_the_bots_failure(answer: Any) -> None:
    turn = replied(Talking(lambda snapshot, message, call: answer))
    assert (turn.status, turn.failure) == (Status.FAILED, Failure.BOT)


@pytest.mark.parametrize("pieces", [(), ("",), ("", "", "")], ids=repr)
def test_nothing_is_no_reply(pieces: tuple[str, ...]) -> None:
    turn = replied(saying(*pieces, outcome=Outcome({"n": 1})))
    assert said(turn) == (Status.FAILED, Failure.EMPTY, "")


@pytest.mark.parametrize("pieces", [(), ("",)], ids=repr)
def test_a_bot_may_say_nothing_on_purpose(pieces: tuple[str, ...]) -> None:
    turn = replied(saying(*pieces, outcome=Outcome({"n": 1}, Usage(3, 0), silent=True)))
    assert (said(turn), turn.state, turn.usage) == ((Status.DONE, None, ""), {"n": 1}, Usage(3, 0))


def test_who_says_something_is_not_silent() -> None:
    turn = replied(saying("x", outcome=Outcome({"n": 1}, silent=True)))
    assert (said(turn), turn.state) == ((Status.DONE, None, "x"), {"n": 1})


def test_a_bot_is_told_whose_conversation_it_is() -> None:
    bot = saying("x")
    replied(bot)
    assert bot.asked[0][2].conversation == MAIN


def test_a_reply_that_failed_whole_leaves_the_state_before_it_and_what_it_cost() -> None:
    store, clock = Store(), FakeClock()
    assert replied(saying("x", outcome=Outcome({"n": 1})), store, clock).state == {"n": 1}
    empty = replied(saying(outcome=Outcome({"n": 2}, Usage(3, 0))), store, clock)
    assert (empty.status, empty.state, empty.usage) == (Status.FAILED, {"n": 1}, Usage(3, 0))


@pytest.mark.parametrize("piece", [None, 5, b"bytes", ["x"], "\ud800", "x\udfff"], ids=repr)
def test_what_is_no_text_ends_the_reply(piece: Any) -> None:
    assert said(replied(saying("a ", piece, "b "))) == (Status.FAILED, Failure.BOT, "a ")


def test_every_character_is_kept_however_it_is_cut() -> None:
    text = "é🎉\u0000\u2028<b>" * 50
    assert said(replied(saying(*text, "", text))) == (Status.DONE, None, text * 2)


LONGEST = limits.MAX_REPLY_CHARACTERS


@pytest.mark.parametrize("step", [1_000, 999, LONGEST])
def test_the_longest_reply_is_kept_whole(step: int) -> None:
    text = "🎉" * LONGEST
    bot = saying(*(text[at : at + step] for at in range(0, LONGEST, step)), outcome=Outcome({}))
    assert said(replied(bot)) == (Status.DONE, None, text)


@pytest.mark.parametrize("more", [1, 1_000, 1_000_000])
def test_what_is_longer_is_cut_at_its_limit_and_the_bot_closed(more: int) -> None:
    closed = Event()

    def stream(snapshot: Any, message: Any, call: Any) -> Stream:
        try:
            yield "é" * (LONGEST - 1)
            yield "é" * (1 + more)
            yield "unheard"
        finally:
            closed.set()
        return None

    turn = replied(Talking(stream))
    assert said(turn) == (Status.FAILED, Failure.TOO_LONG, "é" * LONGEST)
    assert closed.is_set()


RUBBISH: dict[str, Any] = {
    "text": "text",
    "state": {"n": 1},
    "state none": Outcome(None),  # type: ignore[arg-type]
    "state object": Outcome({"a": object()}),
    "state nan": Outcome({"a": math.nan}),
    "state too large": Outcome({"a": "x" * limits.MAX_STATE_BYTES}),
    "state surrogate": Outcome({"a": "\ud800"}),
    "usage text": Outcome({}, "many"),  # type: ignore[arg-type]
    "usage of texts": Outcome({}, Usage("1", "2")),  # type: ignore[arg-type]
    "usage none": Outcome({}, Usage(1, None)),  # type: ignore[arg-type]
    "usage nan": Outcome({}, Usage(1, math.nan)),  # type: ignore[arg-type]
    "usage negative": Outcome({}, Usage(-1, 1)),
    "usage huge": Outcome({}, Usage(1, 10**200)),
}


@pytest.mark.parametrize("outcome", RUBBISH.values(), ids=list(RUBBISH))
def test_an_outcome_that_cannot_be_kept_is_the_bots_failure(outcome: Any) -> None:
    store, clock = Store(), FakeClock()
    replied(saying("x", outcome=Outcome({"n": 1})), store, clock)
    turn = replied(saying("said ", outcome=outcome), store, clock)
    assert said(turn) == (Status.FAILED, Failure.BOT, "said ")
    assert (turn.state, turn.usage) == ({"n": 1}, None), "the state before it"


def test_an_outcome_is_kept_with_what_it_cost() -> None:
    turn = replied(saying("x", outcome=Outcome({"t": (1, 2)}, Usage(7, 9))))
    assert (turn.state, turn.usage) == ({"t": [1, 2]}, Usage(7, 9))


def costing(*usages: Any, outcome: Any = None, error: BaseException | None = None) -> Talking:
    """A bot that says what it costs as it goes, and ends so."""

    def stream(snapshot: Any, message: Any, call: Any) -> Stream:
        for usage in usages:
            yield "x"
            call.used(usage)
        if error:
            raise error
        kept: Outcome | None = outcome
        return kept

    return Talking(stream)


def test_what_a_reply_has_cost_is_kept_however_it_ends() -> None:
    told = Usage(5, 1), Usage(5, 3)
    for bot in (costing(*told), costing(*told, outcome=Outcome({}))):
        assert replied(bot).usage == Usage(5, 3), "the latest word counts"
    failed = replied(costing(*told, error=ValueError("a secret")))
    assert (failed.failure, failed.usage) == (Failure.BOT, Usage(5, 3))
    assert replied(costing(*told, outcome=Outcome({}, Usage(7, 9)))).usage == Usage(7, 9)


def test_what_a_reply_that_is_too_long_has_cost_is_kept() -> None:
    def stream(snapshot: Any, message: Any, call: Any) -> Stream:
        call.used(Usage(1, 2))
        yield "x" * (LONGEST + 1)
        return None

    turn = replied(Talking(stream))
    assert (turn.failure, turn.usage) == (Failure.TOO_LONG, Usage(1, 2))


@pytest.mark.parametrize("usage", [None, 5, Usage(-1, 0), Usage(0, 10**200), Usage(1, 1.5)])  # type: ignore[arg-type]
def test_what_is_no_usage_is_the_bots_failure(usage: Any) -> None:
    turn = replied(costing(Usage(1, 1), usage))
    assert (turn.status, turn.failure, turn.usage) == (Status.FAILED, Failure.BOT, Usage(1, 1))


def reason_of(error: BaseException) -> str:
    """What is logged of a bot that raises this."""
    begun = reading(lambda: saying(error=error).stream(*[None] * 3))  # type: ignore[arg-type]
    while not begun.ended:
        begun.wait(0.01)
    return begun.said(Outcome()).reason


class Refused(BotFailed):
    """A bot's own error."""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("a secret"), "ValueError"),
        (BotFailed("status 400"), "BotFailed: status 400"),
        (Refused("403 AccessDenied"), "Refused: 403 AccessDenied"),
        (Refused(""), "Refused"),
        (Refused("x" * 100), "Refused: " + "x" * 100),
        (Refused("x" * 101), "Refused"),
        (Refused("a\nline"), "Refused"),
        (Refused("{'said': 'a secret'}"), "Refused"),
        (Refused("é"), "Refused"),
        (Refused(5), "Refused"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_a_failure_is_logged_by_its_type_and_a_bots_own_by_its_reason_if_it_is_plain(
    error: BaseException, reason: str
) -> None:
    assert reason_of(error) == reason


def test_without_an_outcome_the_state_stays() -> None:
    store, clock = Store(), FakeClock()
    replied(saying("x", outcome=Outcome({"n": 1})), store, clock)
    assert replied(saying("x"), store, clock).state == {"n": 1}


def test_a_failed_reply_leaves_the_state_before_it_to_the_next() -> None:
    store, clock = Store(), FakeClock()
    replied(saying("x", outcome=Outcome({"n": 1})), store, clock)
    replied(saying("x", error=ValueError()), store, clock)
    last = saying("x")
    replied(last, store, clock)
    snapshot = last.asked[0][0]
    assert (snapshot.state, snapshot.head) == ({"n": 1}, 2)


def test_a_bot_that_answers_at_once_answers_what_another_left() -> None:
    bot = Scripted(lambda snapshot, message: Reply(f"to {message.text}", {"n": 1}))
    turn = replied(in_pieces(bot))
    assert (said(turn), turn.state) == ((Status.DONE, None, "to hi"), {"n": 1})
    silent = in_pieces(Scripted(lambda snapshot, message: Reply("", {"n": 2}, silent=True)))
    turn = replied(silent)
    assert (said(turn), turn.state) == ((Status.DONE, None, ""), {"n": 2})
    failing = Scripted(lambda snapshot, message: 1 / 0)  # type: ignore[arg-type, return-value]
    assert said(replied(in_pieces(failing))) == (Status.FAILED, Failure.BOT, "")


def reading(stream: Callable[[], Any]) -> Reading:
    """A stream that is read."""
    begun = Reading("e1#1", MAIN, lambda: 5.0, FakeClock())
    begun.start(stream)
    return begun


def test_what_is_registered_after_a_stop_is_closed_at_once() -> None:
    begun = Reading("e1#1", MAIN, lambda: 5.0, FakeClock())
    begun.stop()
    closed = Event()
    begun.on_stop(closed.set)
    begun.on_stop(lambda: 1 / 0)
    assert closed.is_set()


def test_nothing_that_is_said_after_a_stop_is_heard() -> None:
    go_on, unwound = Event(), Event()

    def stream() -> Stream:
        try:
            yield "heard"
            go_on.wait(PATIENCE_SECONDS)
            yield "unheard"
        finally:
            unwound.set()
        return Outcome({"n": 99})

    begun = reading(stream)
    while begun.text != "heard":
        begun.wait(0.001)
    begun.stop()
    go_on.set()
    begun.wait(PATIENCE_SECONDS)
    assert (begun.text, begun.ended) == ("heard", True)
    assert begun.said(Outcome({"n": 1})).outcome == Outcome({"n": 1})
    assert unwound.wait(PATIENCE_SECONDS)


def test_a_reply_of_many_small_pieces_is_read_in_good_time() -> None:
    """Not in the square of its length: what is said is one growing text."""
    begun = reading(lambda: (character for character in "🎉" * LONGEST))
    begun.wait(PATIENCE_SECONDS)
    assert begun.ended
    assert len(begun.text) == LONGEST


def test_a_bot_may_ask_how_long_it_has() -> None:
    begun = Reading("e1#1", MAIN, lambda: 5.0, FakeClock())
    assert (begun.key, begun.seconds_left()) == ("e1#1", 5.0)
