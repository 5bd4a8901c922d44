"""A state that another flow, another version or another bot has left."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.models import Reply
from bots.scripted import ScriptedBot, ServiceDesk

Ask = Callable[..., Reply]

FLOW = """
dialogues:
  d:
    title: things
    patterns: [go]
    slots:
      colour: {{type: choice, ask: Which colour?, choices: [{colours}]}}
      size: {{type: {size}, ask: Which size?}}
    done: "{{colour}} {{size}}"
"""


def test_an_answer_that_the_new_flow_does_not_know_is_asked_for_again(
    make_bot: Callable[[str], ScriptedBot], ask: Ask
) -> None:
    state = ask(make_bot(FLOW.format(colours="red, blue", size="text")), "go red").state
    changed = make_bot(FLOW.format(colours="green, blue", size="text"))
    assert "Which colour?" in ask(changed, "large", state).text


def test_a_slot_that_changed_its_type_is_asked_for_again(
    make_bot: Callable[[str], ScriptedBot], ask: Ask
) -> None:
    state = {"v": 1, "s": [["d", "colour", {"size": "large"}]]}
    bot = make_bot(FLOW.format(colours="red", size="number"))
    assert "Which size?" in ask(bot, "red", ask(bot, "hm", state).state).text


def test_a_dialogue_that_is_gone_is_told_and_the_message_is_still_answered(
    desk: ServiceDesk, ask: Ask
) -> None:
    reply = ask(desk, "track my order", {"v": 1, "s": [["sell_house", "price", {}]]})
    assert "I lost my place" in reply.text
    assert "What is the order number?" in reply.text
    assert "I lost my place" not in ask(desk, "hm", reply.state).text


def test_another_version_is_told_once(desk: ServiceDesk, ask: Ask) -> None:
    reply = ask(desk, "hi", {"v": 2, "s": [["book_repair", "date", {}]]})
    assert "I lost my place" in reply.text
    assert reply.state == {"v": 1}


@pytest.mark.parametrize(
    "state",
    [
        {"count": 3},
        {"v": 1, "s": "book_repair"},
        {"v": 1, "s": [[]], "m": [], "n": "x"},
        {"v": 1, "s": [["book_repair", 3, None]]},
        {"v": 1, "s": [["book_repair", ["x"], {}]]},
        {"v": 1, "s": [["book_repair", "?change", {"appliance": ["oven"], "x": 1}]]},
        {"v": 1, "s": [[["x"], "date", {"date": "soon", "phone": None}]]},
        {"v": 1, "s": [["track_order", "?confirm", {}]]},
        {"v": 1, "s": [["book_repair", "date", {}]] * 9, "n": 10**9},
        {"v": 1, "s": [["book_repair", "?confirm", {}]], "m": {"name": 3, "x": 1, "phone": "1"}},
        {"v": 1, "s": [["call_me", "?change", {"time": "99:99", "day": "2026-3-1"}]]},
        {"v": True, "n": -1},
    ],
)
@pytest.mark.parametrize("said", ["yes", "no", "hello", "tomorrow", "cancel", "the date", "?"])
def test_a_broken_state_does_no_harm(
    desk: ServiceDesk, ask: Ask, state: dict[str, Any], said: str
) -> None:
    reply = ask(desk, said, state)
    again = ask(desk, said, reply.state)
    assert reply.text
    assert "I lost my place" not in again.text
