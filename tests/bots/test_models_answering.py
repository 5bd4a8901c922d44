"""Bots on language models: what is true of every provider, each spoken to over a real socket."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from bot.models import Outcome, Usage
from bots.conversing.bot import ModelBot
from bots.conversing.errors import (
    Malformed,
    ModelError,
    Rejected,
    Throttled,
    TooManyRounds,
    Unavailable,
)
from bots.conversing.patience import Patience
from bots.conversing.talk import REFUSAL
from bots.conversing.tools import Function, ToolCall, ToolError
from tests.support.bedrock import BedrockProvider
from tests.support.completions import CompletionsProvider
from tests.support.model_calls import Attempt, conversation, heard, message
from tests.support.model_server import ModelServer
from tests.support.providers import Provider

MakeBot = Callable[..., ModelBot]


@pytest.fixture(params=[BedrockProvider, CompletionsProvider], ids=["bedrock", "openai"])
def provider(request: pytest.FixtureRequest) -> Provider:
    if request.param is CompletionsProvider:
        pytest.importorskip("openai")
    made: Provider = request.param()
    return made


@pytest.fixture
def make_bot(provider: Provider, server: ModelServer) -> MakeBot:
    """Make the provider's bot, with tools of a test's own and settings besides the defaults."""

    def make(*tools: Function, **settings: str) -> ModelBot:
        own = {"tools": tools, "patience": Patience(first=0.01, longest=0.02)}
        kind = type("Own", (provider.bot,), own)
        made: ModelBot = kind({**provider.environment(server), **settings})
        return made

    return make


def reply_to(bot: ModelBot, text: str = "hi", **options: Any) -> tuple[list[str], Outcome]:
    stream = bot.stream(conversation(), message(text), options.pop("call", Attempt()))
    return heard(stream)


def test_the_answer_comes_piece_by_piece_with_what_it_cost(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    server.answers = [provider.says("Hel", "lo ", "wörld", used=(12, 3))]
    pieces, outcome = reply_to(make_bot())
    assert pieces == ["Hel", "lo ", "wörld"]
    assert outcome == Outcome({}, Usage(12, 3))


def test_the_model_is_given_the_instructions_and_the_conversation(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    server.answers = [provider.says("ok")]
    before = conversation(("one", "two"), ("three", "four"))
    heard(make_bot(MODEL_SYSTEM="Be kind.").stream(before, message("five"), Attempt()))
    assert provider.lines(server.asked[0]) == [
        ("system", "Be kind."),
        ("user", "one"),
        ("assistant", "two"),
        ("user", "three"),
        ("assistant", "four"),
        ("user", "five"),
    ]


def test_a_tool_runs_and_its_result_comes_back_to_the_model(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    asked: list[tuple[str, int]] = []

    def weather(city: str, days: int = 1) -> dict[str, str]:
        """Tell the weather."""
        asked.append((city, days))
        return {"sky": "blue"}

    wanting = provider.wants("weather", '{"city": "Rome", "days": 2}', saying="Let me look.")
    server.answers = [wanting, provider.says("It is blue.")]
    pieces, outcome = reply_to(make_bot(weather))
    assert "".join(pieces) == "Let me look.\n\nIt is blue."
    assert asked == [("Rome", 2)]
    assert provider.lines(server.asked[1])[-2:] == [
        ("assistant", "Let me look."),
        ("tool", '{"sky":"blue"}'),
    ]
    assert outcome.usage == Usage(20, 10)


def test_a_call_of_a_tool_has_the_same_key_in_every_attempt_and_another_for_another_call(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    keys: list[str] = []

    def order(cake: str, size: int, call: ToolCall) -> str:
        """Order a cake."""
        keys.append(call.key)
        return "done"

    for use_id in ("first", "second"):
        server.answers = [
            provider.wants("order", '{"cake": "lemon", "size": 1}', use_id),
            provider.wants("order", '{"size": 1, "cake": "lemon"}', use_id),
            provider.wants("order", '{"cake": "carrot", "size": 1}', use_id),
            provider.says("Ordered."),
        ]
        reply_to(make_bot(order))
    assert keys[:3] == keys[3:]
    assert len(set(keys)) == 3
    # The order of the arguments says nothing: the second call is the first one again.
    assert keys[0].removesuffix("#0") == keys[1].removesuffix("#1")
    assert all(key.startswith(f"{Attempt.key}#") for key in keys)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"city": 7}', "Wrong arguments: city"),
        ('{"town": "Rome"}', "Wrong arguments"),
        ('{"city": "Atlantis"}', "There is no such city."),
        ('{"city": "Rome"}', "The tool failed."),
        ("nonsense", "Wrong arguments"),
    ],
)
def test_the_model_is_told_what_went_wrong_with_a_tool_and_goes_on(
    provider: Provider, server: ModelServer, make_bot: MakeBot, arguments: str, told: str
) -> None:
    def weather(city: str) -> str:
        """Tell the weather."""
        if city == "Atlantis":
            raise ToolError("There is no such city.")
        raise RuntimeError("a password")

    server.answers = [provider.wants("weather", arguments), provider.says("Sorry.")]
    pieces, _ = reply_to(make_bot(weather))
    assert pieces == ["Sorry."]
    kind, text = provider.lines(server.asked[1])[-1]
    assert kind == "tool"
    assert text.startswith(told)


def test_a_tool_that_there_is_not_is_told_so(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    server.answers = [provider.wants("weather", "{}"), provider.says("Sorry.")]
    reply_to(make_bot())
    assert provider.lines(server.asked[1])[-1] == ("tool", "There is no such tool.")


def test_tools_run_in_so_many_rounds_and_no_more(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    ran: list[int] = []

    def again() -> str:
        """Do it again."""
        ran.append(1)
        return "again"

    server.answers = [provider.wants("again", "{}") for _ in range(4)]
    with pytest.raises(TooManyRounds):
        reply_to(make_bot(again, MODEL_TOOL_ROUNDS="3"))
    assert len(ran) == 3


def test_what_tools_give_leaves_room_for_the_conversation(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    def everything() -> str:
        """Tell everything."""
        return "z" * 100_000

    server.answers = [*[provider.wants("everything", "{}")] * 3, provider.says("Much.")]
    bot = make_bot(everything, MODEL_CONTEXT_TOKENS="4000", MODEL_SUMMARY_EVERY="0")
    said = [(f"question {number}", "x" * 900) for number in range(20)]
    heard(bot.stream(conversation(*said), message("what is there?"), Attempt()))
    for asked in server.asked:
        assert sum(len(text) for _, text in provider.lines(asked)) < 3 * 4000
    last = [text for _, text in provider.lines(server.asked[-1])]
    assert "what is there?" in last
    assert "question 19" in last
    assert "question 1" not in last


def test_a_throttled_or_failing_model_is_asked_again_until_it_answers(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    unfinished = replace(provider.cut_after(), cut=False)
    broken = [provider.breaks_after(), provider.cut_after(), unfinished]
    server.answers = [provider.throttles(), provider.fails(), *broken, provider.says("Hi.")]
    pieces, _ = reply_to(make_bot())
    assert pieces == ["Hi."]
    assert len(server.asked) == 6


def test_a_model_is_not_asked_again_where_no_time_is_left(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    server.answers = [provider.throttles()]
    with pytest.raises(Throttled):
        reply_to(make_bot(), call=Attempt(seconds=1))


def test_a_request_that_is_refused_is_not_made_again_and_quotes_nobody(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    server.answers = [provider.rejects()]
    with pytest.raises(Rejected) as caught:
        reply_to(make_bot())
    assert "SECRET" not in f"{caught.value} {caught.value.reason}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("way", ["breaks_after", "cut_after"])
def test_what_was_said_stands_and_is_never_said_twice(
    provider: Provider, server: ModelServer, make_bot: MakeBot, way: str
) -> None:
    server.answers = [getattr(provider, way)("Half a "), provider.says("whole")]
    pieces: list[str] = []
    with pytest.raises(Unavailable) as caught:
        pieces.extend(make_bot().stream(conversation(), message("hi"), Attempt()))
    assert len(server.asked) == 1
    assert "SECRET" not in str(caught.value.reason)


def test_the_reason_of_a_refusal_is_its_status_and_the_providers_code(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    for answer, status in ((provider.rejects(), 400), (provider.throttles(), 429)):
        server.answers = [answer]
        with pytest.raises(ModelError) as caught:
            reply_to(make_bot(), call=Attempt(seconds=1))
        assert re.fullmatch(rf"{status}( [A-Za-z][A-Za-z0-9_.-]+)?", caught.value.reason)
    assert provider.bot.__name__ != "Bedrock" or caught.value.reason == "429 ThrottlingException"


def test_what_an_answer_costs_is_told_as_it_comes_and_exactly_once_it_has_ended(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    call = Attempt()
    server.answers = [provider.says("One ", "two " * 30, used=(12, 3))]
    stream = make_bot().stream(conversation(), message("hi " * 100), call)
    told = []
    for _ in stream:
        assert call.usage
        told.append(call.usage)
    assert all(usage.input_tokens >= 75 for usage in told), "300 letters, and more"
    assert [usage.output_tokens for usage in told] == [2, 42]
    assert call.usage == Usage(12, 3)


@pytest.mark.parametrize("way", ["breaks_after", "cut_after"])
def test_what_a_broken_answer_has_cost_is_estimated_and_added_to_the_rounds_before(
    provider: Provider, server: ModelServer, make_bot: MakeBot, way: str
) -> None:
    def weather() -> str:
        """Tell the weather."""
        return "blue"

    call = Attempt()
    server.answers = [provider.wants("weather", "{}"), getattr(provider, way)("It is ")]
    with pytest.raises(Unavailable):
        reply_to(make_bot(weather), call=call)
    assert call.usage
    assert 10 < call.usage.input_tokens < 200
    assert call.usage.output_tokens == 5 + 2


def test_a_model_that_refuses_to_answer_costs_nothing(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    call = Attempt(seconds=1)
    server.answers = [provider.throttles()]
    with pytest.raises(Throttled):
        reply_to(make_bot(), call=call)
    assert call.usage is None


def test_closing_the_reply_leaves_what_it_has_cost(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    call = Attempt()
    server.answers = [provider.held_after("One ")]
    stream = make_bot().stream(conversation(), message("hi"), call)
    next(stream)
    stream.close()
    assert call.usage
    assert (call.usage.input_tokens > 0, call.usage.output_tokens) == (True, 2)


def test_what_a_failed_summary_has_cost_counts_too(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    bot = make_bot(MODEL_CONTEXT_TOKENS="1000", MODEL_SUMMARY_EVERY="3")
    said = [(f"question {number}", "x" * 900) for number in range(6)]
    server.answers = [provider.says("ok"), provider.breaks_after("They ")]
    _, outcome = heard(bot.stream(conversation(*said), message("more"), Attempt()))
    assert outcome.usage
    assert (outcome.usage.input_tokens > 100, outcome.usage.output_tokens) == (True, 5 + 2)


def test_a_refusal_without_a_word_is_said_in_words(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    server.answers = [provider.refuses()]
    pieces, outcome = reply_to(make_bot())
    assert pieces == [REFUSAL]
    assert outcome.usage == Usage(10, 5)


def test_stop_hangs_up_on_a_model_that_is_silent(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    call, ended = Attempt(), []
    stream = make_bot().stream(conversation(), message("hi"), call)
    server.answers = [provider.held_after("One ")]
    assert next(stream) == "One "

    def read() -> None:
        try:
            next(stream)
        except ModelError as error:
            ended.append(type(error))

    reading = Thread(target=read)
    reading.start()
    assert server.held.wait(5)
    call.stop()
    assert server.hung_up.wait(5)
    reading.join(5)
    assert ended == [Unavailable]
    assert len(server.asked) == 1


def test_stop_ends_the_wait_for_a_throttled_model(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    bot = make_bot()
    type(bot).patience = Patience(first=60, longest=60)
    call = Attempt()
    server.answers = [provider.throttles()]
    ended: list[type[ModelError]] = []

    def read() -> None:
        try:
            heard(bot.stream(conversation(), message("hi"), call))
        except ModelError as error:
            ended.append(type(error))

    reading = Thread(target=read)
    reading.start()
    while not server.asked:
        reading.join(0.01)
    call.stop()
    reading.join(5)
    assert ended == [Throttled]


def test_closing_the_reply_hangs_up(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    server.answers = [provider.held_after("One ")]
    stream = make_bot().stream(conversation(), message("hi"), Attempt())
    next(stream)
    assert server.held.wait(5)
    stream.close()
    assert server.hung_up.wait(5)


def test_an_end_that_nobody_knows_is_a_malformed_answer(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    asking = provider.wants("again", "{}")
    parts = [
        part for part in asking.parts if not (b"toolUse" in part or b'"tool_calls": [' in part)
    ]
    server.answers = [type(asking)(parts, headers=asking.headers)]
    with pytest.raises(Malformed):
        reply_to(make_bot())


def test_what_no_longer_fits_is_summarized_once_and_given_from_then_on(
    provider: Provider, server: ModelServer, make_bot: MakeBot
) -> None:
    bot = make_bot(MODEL_CONTEXT_TOKENS="1000", MODEL_SUMMARY_EVERY="3")
    said = [(f"question {number}", "x" * 900) for number in range(6)]
    server.answers = [provider.says("ok"), provider.says("They asked a lot.", used=(7, 2))]
    pieces, outcome = heard(bot.stream(conversation(*said), message("more"), Attempt()))
    assert pieces == ["ok"]
    assert outcome.usage == Usage(17, 7)
    assert outcome.state == {"summary": {"text": "They asked a lot.", "through": 5, "tried": 7}}
    assert "question 4" in json.dumps(server.asked[1].body)

    server.answers = [provider.says("ok")]
    again = conversation(*said, ("more", "ok"), state=outcome.state)
    _, outcome = heard(bot.stream(again, message("and more"), Attempt()))
    first = provider.lines(server.asked[2])[0]
    assert first[0] == "user"
    assert first[1].startswith("(Earlier in this conversation: They asked a lot.)\n\nquestion ")
    assert outcome.state == again.state


@pytest.mark.parametrize("way", ["fails", "refuses", "breaks_after"])
def test_a_summary_that_fails_harms_nothing_and_is_not_tried_again_at_once(
    provider: Provider, server: ModelServer, make_bot: MakeBot, way: str
) -> None:
    bot = make_bot(MODEL_CONTEXT_TOKENS="1000", MODEL_SUMMARY_EVERY="3")
    said = [(f"question {number}", "x" * 900) for number in range(6)]
    server.answers = [provider.says("ok"), getattr(provider, way)()]
    pieces, outcome = heard(bot.stream(conversation(*said), message("more"), Attempt()))
    assert pieces == ["ok"]
    assert outcome.state == {"summary": {"text": "", "through": 0, "tried": 7}}
    server.answers = [provider.says("ok")]
    again = conversation(*said, ("more", "ok"), state=outcome.state)
    heard(bot.stream(again, message("and more"), Attempt()))
    assert len(server.asked) == 3


def test_the_message_function_makes_the_bot_without_a_model_to_ask(provider: Provider) -> None:
    assert callable(provider.bot({}).stream)
