"""Whatever is said, in whatever state: an answer, within the limits, that can be stored."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.limits import MAX_REPLY_CHARACTERS, MAX_STATE_BYTES, MAX_TEXT_CHARACTERS
from bot.models import Reply
from bots.echo import Echo
from bots.scripted import ServiceDesk

DESK = ServiceDesk()

PHRASES = st.sampled_from(
    [
        "hi",
        "help",
        "yes",
        "no",
        "cancel",
        "start over",
        "book a repair",
        "track my order",
        "where is my order?",
        "skip",
        "move my appointment",
        "cancel my appointment",
        "speak to a human",
        "what can I try?",
        "I don't know",
        "no, change the date",
        "actually make it Friday",
        "the name is Bob",
        "the phone is wrong",
        "not Friday",
        "washing machine",
        "oven and fridge",
        "tomorrow",
        "31 February",
        "Sunday",
        "next week",
        "morning",
        "at 3",
        "25:00",
        "020 7946 0123",
        "ada@example.com",
        "a@b",
        "SR-123456",
        "BO 123456",
        "2",
        "Ada",
        "my name is",
        "nothing",
        "thanks",
        "opening hours?",
        "yes but make it the morning",
        "the time to 4 and the day to friday",
    ]
)
JOINED = st.lists(PHRASES, min_size=1, max_size=6).map(" ".join)
ANYTHING = st.text(st.characters(), min_size=1, max_size=60)
TEXTS = st.one_of(PHRASES, JOINED, ANYTHING, st.builds("{} {}".format, PHRASES, ANYTHING))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
QUESTIONS = [
    (dialogue, asked)
    for dialogue, form in DESK._script.flow.dialogues.items()
    for asked in (*form.slots, "?confirm", "?change", "")
]
VALUES = st.dictionaries(
    st.sampled_from(sorted({asked for _, asked in QUESTIONS})),
    JSON | st.sampled_from(["oven", "2026-03-13", "morning", "SR-123456", "10:00", True, None]),
    max_size=7,
)
FRAMES = st.builds(lambda question, values: [*question, values], st.sampled_from(QUESTIONS), VALUES)
STATES = st.one_of(
    st.dictionaries(st.text(max_size=4), JSON, max_size=4),
    st.fixed_dictionaries(
        {"v": st.just(1), "s": st.lists(FRAMES, max_size=4)},
        optional={"m": VALUES, "n": JSON},
    ),
)
MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def check(reply: Reply) -> None:
    assert reply.text.strip()
    assert len(reply.text) <= MAX_REPLY_CHARACTERS
    reply.text.encode()
    assert len(json.dumps(dict(reply.state)).encode()) <= MAX_STATE_BYTES


@MANY
@given(texts=st.lists(TEXTS, min_size=1, max_size=12))
def test_any_conversation_goes_on(ask: Callable[..., Reply], texts: list[str]) -> None:
    state: Any = {}
    for text in texts:
        reply = ask(DESK, text, state)
        check(reply)
        assert "I lost my place" not in reply.text
        state = reply.state


@MANY
@given(state=STATES, text=TEXTS)
@example(state={"v": 1, "s": [["book_repair", "name", {}]]}, text="\U0001f600" * 60)
@example(state={}, text="\u0130" * 4000)
@example(state={}, text="\ufdfa" * 4000)
@example(state={}, text="\x00\ud800\u202e")
def test_any_text_in_any_state_gets_an_answer(
    ask: Callable[..., Reply], state: dict[str, Any], text: str
) -> None:
    check(ask(DESK, text, state))


@pytest.mark.parametrize("dialogue", sorted(DESK._script.flow.dialogues))
@pytest.mark.parametrize(
    "unit", ["a", "1", "1 ", "a@", "a.", "-", "+1(", "next ", "not friday ", "(", "book ", "\u0301"]
)
def test_the_longest_message_is_answered_at_every_question(
    ask: Callable[..., Reply], dialogue: str, unit: str
) -> None:
    text = (unit * MAX_TEXT_CHARACTERS)[:MAX_TEXT_CHARACTERS]
    for asked in (*DESK._script.flow.dialogues[dialogue].slots, "?confirm", "?change"):
        check(ask(DESK, text, {"v": 1, "s": [[dialogue, asked, {}]]}))


@MANY
@given(state=STATES, text=st.text(min_size=1, max_size=50))
def test_echo_answers_too(ask: Callable[..., Reply], state: dict[str, Any], text: str) -> None:
    check(ask(Echo(), text, state))
