"""What only Bedrock has: inference settings, guardrails, and what else its stream carries."""

from dataclasses import replace
from typing import Any

import pytest

from bot.models import Usage
from bots.bedrock import Bedrock
from bots.conversing.errors import Malformed, WrongVariable
from bots.conversing.talk import REFUSAL
from tests.support.bedrock import STREAM, BedrockProvider, end, event, texts
from tests.support.model_calls import Attempt, conversation, heard, message
from tests.support.model_server import Answer, ModelServer

BEDROCK = BedrockProvider()
GUARDED = {"BEDROCK_GUARDRAIL": "g1", "BEDROCK_GUARDRAIL_VERSION": "2"}


def say(server: ModelServer, answer: Answer, **settings: str) -> tuple[str, dict[str, Any]]:
    """What the bot says where the model answers so, and what it had asked."""
    server.answers = [answer]
    bot = Bedrock({"BEDROCK_MODEL": "eu.a-model:1", **settings})
    pieces, _ = heard(bot.stream(conversation(("a", "b")), message("hi"), Attempt()))
    return "".join(pieces), server.asked[0].body


def test_the_model_is_asked_by_its_id_with_the_inference_settings(server: ModelServer) -> None:
    _, asked = say(
        server,
        BEDROCK.says("ok"),
        MODEL_MAX_TOKENS="7",
        MODEL_TEMPERATURE="0.5",
        MODEL_TOP_P="0.25",
        MODEL_STOP_SEQUENCES="END,###",
    )
    assert server.asked[0].path == "/model/eu.a-model%3A1/converse-stream"
    assert asked["inferenceConfig"] == {
        "maxTokens": 7,
        "temperature": 0.5,
        "topP": 0.25,
        "stopSequences": ["END", "###"],
    }


def test_what_is_not_set_is_left_to_the_model(server: ModelServer) -> None:
    _, asked = say(server, BEDROCK.says("ok"))
    assert set(asked) == {"messages", "inferenceConfig"}
    assert asked["inferenceConfig"] == {"maxTokens": 2000}


def test_a_guardrail_looks_at_the_new_message_alone_and_before_anyone_reads(
    server: ModelServer,
) -> None:
    _, asked = say(server, BEDROCK.says("ok"), **GUARDED)
    assert asked["guardrailConfig"] == {
        "guardrailIdentifier": "g1",
        "guardrailVersion": "2",
        "streamProcessingMode": "sync",
    }
    assert [line["content"] for line in asked["messages"]] == [
        [{"text": "a"}],
        [{"text": "b"}],
        [{"guardContent": {"text": {"text": "hi"}}}],
    ]


def test_what_a_guardrail_says_instead_is_the_reply(server: ModelServer) -> None:
    blocked = Answer(
        [*texts("I may not speak of that."), *end("guardrail_intervened")], 200, STREAM
    )
    assert say(server, blocked, **GUARDED)[0] == "I may not speak of that."


def test_a_guardrail_without_a_word_is_said_in_words(server: ModelServer) -> None:
    blocked = Answer([*texts(), *end("guardrail_intervened")], 200, STREAM)
    assert say(server, blocked, **GUARDED)[0] == REFUSAL


def test_a_summary_passes_no_guardrail(server: ModelServer) -> None:
    """What it says would else be taken for the summary."""
    settings = {"MODEL_CONTEXT_TOKENS": "1000", "BEDROCK_MODEL": "m", **GUARDED}
    server.answers = [BEDROCK.says("ok"), BEDROCK.says("A summary.")]
    said = [("q", "x" * 900)] * 5
    heard(Bedrock(settings).stream(conversation(*said), message("hi"), Attempt()))
    assert "guardrailConfig" not in server.asked[1].body
    assert "guardContent" not in str(server.asked[1].body)


def test_reasoning_and_tools_that_bedrock_runs_itself_are_not_said(server: ModelServer) -> None:
    own = {"toolUse": {"toolUseId": "s", "name": "search", "type": "server_tool_use"}}
    thinking = {"reasoningContent": {"text": "Hm."}}
    parts = [
        event("messageStart", role="assistant"),
        event("contentBlockDelta", contentBlockIndex=0, delta=thinking),
        event("contentBlockStart", contentBlockIndex=1, start=own),
        event("contentBlockDelta", contentBlockIndex=1, delta={"toolUse": {"input": "{}"}}),
        event("contentBlockDelta", contentBlockIndex=2, delta={"text": "Hello."}),
        *end("end_turn"),
    ]
    assert say(server, Answer(parts, 200, STREAM))[0] == "Hello."


def test_tokens_read_from_a_cache_count(server: ModelServer) -> None:
    usage = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 33, "cacheReadInputTokens": 30}
    parts = [
        *texts("ok"),
        event("messageStop", stopReason="end_turn"),
        event("metadata", usage=usage, metrics={"latencyMs": 1}),
    ]
    server.answers = [Answer(parts, 200, STREAM)]
    bot = Bedrock({"BEDROCK_MODEL": "m"})
    _, outcome = heard(bot.stream(conversation(), message("hi"), Attempt()))
    assert outcome.usage == Usage(31, 2)


@pytest.mark.parametrize("reason", ["malformed_tool_use", "malformed_model_output", "else"])
def test_a_malformed_answer_fails(server: ModelServer, reason: str) -> None:
    with pytest.raises(Malformed):
        say(server, Answer([*texts("Half"), *end(reason)], 200, STREAM))


@pytest.mark.parametrize("reason", ["max_tokens", "stop_sequence", "model_context_window_exceeded"])
def test_an_answer_that_reached_its_bounds_is_an_answer(server: ModelServer, reason: str) -> None:
    assert say(server, Answer([*texts("Half"), *end(reason)], 200, STREAM))[0] == "Half"


def test_an_event_that_was_damaged_on_the_way_is_asked_for_again(server: ModelServer) -> None:
    whole = BEDROCK.says("Hello.")
    damaged = [*whole.parts[:1], whole.parts[1][:-1] + b"\0"]
    server.answers = [replace(whole, parts=damaged), whole]
    bot = Bedrock({"BEDROCK_MODEL": "m"})
    pieces, _ = heard(bot.stream(conversation(), message("hi"), Attempt()))
    assert pieces == ["Hello."]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BEDROCK_MODEL", ""),
        ("BEDROCK_GUARDRAIL_VERSION", ""),
        ("MODEL_MAX_TOKENS", "many"),
        ("MODEL_MAX_TOKENS", "0"),
        ("MODEL_TEMPERATURE", "hot"),
        ("MODEL_TOP_P", "nan"),
        ("MODEL_CONTEXT_TOKENS", "-1"),
        ("MODEL_SUMMARY_EVERY", "1.5"),
        ("MODEL_TOOL_ROUNDS", "²"),
    ],
)
def test_a_wrong_setting_is_named_when_the_bot_is_made(name: str, value: str) -> None:
    with pytest.raises(WrongVariable, match=f"^{name}: must"):
        Bedrock({"BEDROCK_MODEL": "m", "BEDROCK_GUARDRAIL": "g", name: value})


def test_instructions_in_the_class_go_before_those_of_the_setting(server: ModelServer) -> None:
    class Own(Bedrock):
        system = "Be brief."

    server.answers = [BEDROCK.says("ok")]
    bot = Own({"BEDROCK_MODEL": "m", "MODEL_SYSTEM": "Be long."})
    heard(bot.stream(conversation(), message("hi"), Attempt()))
    assert server.asked[0].body["system"] == [{"text": "Be brief."}]
