"""A bot is a stranger's code: what it does wrong is answered, and nothing of it is kept."""

import math
from collections.abc import Mapping
from typing import Any

import pytest

from bot import limits
from bot.errors import BotFailed
from bot.models import Reply
from store.memory.conversations import MemoryConversationStore
from tests.support.bots import Scripted
from tests.support.clock import FakeClock
from tests.support.workers import Worker


def nested(depth: int) -> dict[str, Any]:
    """A state as deep as that."""
    state: dict[str, Any] = {}
    for _ in range(depth):
        state = {"a": state}
    return state


CYCLE: dict[str, Any] = {}
CYCLE["self"] = CYCLE


class Odd(Mapping[str, Any]):
    """A mapping that fails when looked at."""

    def __getitem__(self, key: str) -> Any:
        raise LookupError(key)

    def __iter__(self) -> Any:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


RUBBISH: dict[str, Any] = {
    "none": None,
    "text": "hello",
    "no text": Reply(""),
    "not a text": Reply(5),  # type: ignore[arg-type]
    "too long": Reply("x" * (limits.MAX_REPLY_CHARACTERS + 1)),
    "lone surrogate": Reply("\ud800"),
    "state none": Reply("x", None),  # type: ignore[arg-type]
    "state list": Reply("x", [1, 2]),  # type: ignore[arg-type]
    "state object": Reply("x", {"a": object()}),
    "state bytes": Reply("x", {"a": b"x"}),
    "state nan": Reply("x", {"a": math.nan}),
    "state infinite": Reply("x", {"a": math.inf}),
    "state cycle": Reply("x", CYCLE),
    "state too large": Reply("x", {"a": "x" * limits.MAX_STATE_BYTES}),
    "state surrogate": Reply("x", {"a": "\ud800"}),
    "state surrogate key": Reply("x", {"\udfff": 1}),
    "state too deep": Reply("x", nested(5_000)),
    "state odd": Reply("x", Odd()),
    "silent with words": Reply("x", silent=True),
    "state huge number": Reply("x", {"a": 10**5_000}),
}
ERRORS = [ValueError("a secret"), KeyError("a secret"), RecursionError(), StopIteration()]


@pytest.mark.parametrize("answer", RUBBISH.values(), ids=list(RUBBISH))
def test_what_cannot_be_kept_is_the_bots_failure(
    store: MemoryConversationStore, clock: FakeClock, answer: Any
) -> None:
    worker = Worker(store, clock, bot=Scripted(lambda snapshot, message: answer))
    refused = worker.handle("message", messageId="m1", text="hi")
    (frame,) = refused.to_caller
    assert (frame["code"], frame["retryable"], frame["messageId"]) == (
        "internal_error",
        False,
        "m1",
    )
    assert isinstance(refused.fault, BotFailed)
    assert worker.seqs() == []


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_what_a_bot_raises_is_answered_without_its_words(
    store: MemoryConversationStore, clock: FakeClock, error: Exception
) -> None:
    def fail(snapshot: Any, message: Any) -> Reply:
        raise error

    worker = Worker(store, clock, bot=Scripted(fail))
    refused = worker.handle("message", messageId="m1", text="hi")
    assert refused.to_caller[0]["code"] == "internal_error"
    assert "secret" not in str(refused.to_caller)
    assert isinstance(refused.fault, BotFailed)
    assert refused.fault.reason == type(error).__name__


def test_a_bot_may_say_nothing_on_purpose(store: MemoryConversationStore, clock: FakeClock) -> None:
    bot = Scripted(lambda snapshot, message: Reply("", {"n": 1}, silent=True))
    worker = Worker(store, clock, bot=bot)
    turn = worker.say("m1")["turn"]
    assert (turn["status"], turn["reply"]) == ("done", "")
    assert worker.say("m1")["turn"] == turn
    worker.say("m2")
    assert bot.asked[1][0].state == {"n": 1}


def test_a_message_whose_bot_failed_may_be_sent_again(
    store: MemoryConversationStore, clock: FakeClock
) -> None:
    answers = iter([None, Reply("now")])
    worker = Worker(store, clock, bot=Scripted(lambda snapshot, message: next(answers)))  # type: ignore[arg-type, return-value]
    assert worker.say("m1")["type"] == "error"
    assert worker.say("m1")["turn"]["reply"] == "now"


def test_the_longest_reply_and_the_largest_state_are_kept(
    store: MemoryConversationStore, clock: FakeClock
) -> None:
    state = {"a": "x" * (limits.MAX_STATE_BYTES - len('{"a": ""}'))}
    reply = Reply("🎉" * limits.MAX_REPLY_CHARACTERS, state)
    bot = Scripted(lambda snapshot, message: reply)
    worker = Worker(store, clock, bot=bot)
    worker.say("m1")
    worker.say("m2")
    assert worker.turns()[0]["reply"] == reply.text
    assert bot.asked[1][0].state == state


def test_a_state_comes_back_as_json_makes_it_warm_or_cold(
    store: MemoryConversationStore, clock: FakeClock
) -> None:
    bot = Scripted(lambda snapshot, message: Reply("x", {"t": (1, 2), 3: "x"}))  # type: ignore[dict-item]
    worker = Worker(store, clock, bot=bot)
    worker.say("m1")
    worker.say("m2")
    Worker(store, clock, bot=bot).say("m3")
    assert [snapshot.state for snapshot, _ in bot.asked] == [{}] + [{"t": [1, 2], "3": "x"}] * 2


def test_a_bot_sees_the_newest_turns_alone(
    store: MemoryConversationStore, clock: FakeClock
) -> None:
    bot = Scripted(lambda snapshot, message: Reply("x"))
    worker = Worker(store, clock, bot=bot)
    for number in range(1, 61):
        worker.say(f"m{number}")
    Worker(store, clock, bot=bot).say("cold")
    warm, cold = bot.asked[59][0], bot.asked[60][0]
    assert [turn.seq for turn in warm.turns] == list(range(10, 60))
    assert [turn.seq for turn in cold.turns] == list(range(11, 61))
    assert (warm.head, cold.head) == (59, 60)
