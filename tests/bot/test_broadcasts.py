"""A step is read as it was written; what no push could be made of is refused, and says why."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadRequest, TooLarge
from bot.push import broadcasts, pushes
from bot.push.broadcast_steps import STEP_USERS, Cursor, Done, Step, progress
from tests.support.clock import START
from tests.support.turns import ANA

GOOD: dict[str, Any] = {"id": "b1", "message": {"text": "hello"}, "to": "active"}

CURSORS = st.builds(
    Cursor,
    sweep=st.integers(1, 20),
    began=st.just(START),
    since=st.none() | st.just(START - timedelta(minutes=3)),
    part=st.integers(0, 19),
    start=st.none() | st.text(),
)


@given(CURSORS, st.integers(1, 10**6))
def test_a_walk_is_read_as_it_was_written(cursor: Cursor, number: int) -> None:
    step = Step("b1", {"text": "hello"}, number=number, cursor=cursor)
    assert broadcasts.read(step.body()) == step


def test_a_list_is_read_as_it_was_written_and_names_nobody_twice() -> None:
    step = Step("b1", {"content": {"a": 1}}, number=2, of=3, users=(ANA, "guest:b"))
    assert broadcasts.read(step.body()) == step
    assert broadcasts.read(json.dumps({**GOOD, "to": None, "users": [ANA, ANA]})).users == (ANA,)


def test_every_push_of_it_is_known_by_its_id() -> None:
    step = broadcasts.read(json.dumps({**GOOD, "message": {"text": "hé", "ttl": 60}}))
    push = pushes.read(pushes.decode(step.push(ANA)))
    assert (push.key.user_id, push.message_id, push.text) == (ANA, "broadcast:b1", "hé")
    assert push.ttl == timedelta(minutes=1)


def test_what_is_no_character_waits_in_a_queue_that_takes_none() -> None:
    """A step or a push that SQS refuses would hold up every broadcast behind it."""
    text = "before \ufffe\uffff \\uffff behind"
    cursor = Cursor(sweep=1, began=START)
    step = broadcasts.read(Step("b1", {"text": text}, number=2, cursor=cursor).body())
    for written in (step.body(), step.push(ANA)):
        assert not set(written) & {"\ufffe", "\uffff"}
    assert step.message == {"text": text}
    assert pushes.read(pushes.decode(step.push(ANA))).text == text


def test_the_longest_id_of_a_broadcast_fits_into_that_of_a_push() -> None:
    step = broadcasts.read(json.dumps({**GOOD, "id": "x" * 64}))
    assert pushes.read(pushes.decode(step.push(ANA))).message_id == "broadcast:" + "x" * 64


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"to": None}, "users"),
        ({"users": [ANA]}, "users"),
        ({"to": None, "users": []}, "users"),
        ({"to": "all"}, "to"),
        ({"to": None, "users": [ANA] * (STEP_USERS + 1)}, "users"),
        ({"to": None, "users": ["x" * 513]}, "users"),
        ({"id": None}, "id"),
        ({"id": "a b"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"message": None}, "message"),
        ({"message": {}}, "text"),
        ({"message": {"text": "x", "userId": ANA}}, "message"),
        ({"message": {"text": "x", "id": "mine"}}, "message"),
        ({"message": {"text": "x", "source": "s", "position": 1}}, "message"),
        ({"message": {"text": "x", "conversationId": "a#b"}}, "conversationId"),
        ({"message": {"text": "x", "ttl": 0}}, "ttl"),
        ({"step": 0}, "step"),
        ({"cursor": {"sweep": 1}}, "cursor"),
        ({"cursor": {"sweep": "x", "began": "now", "part": 0}}, "cursor"),
    ],
)
def test_what_no_push_could_be_made_of_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRequest) as refused:
        broadcasts.read(json.dumps({**GOOD, **changes}))
    assert reason in str(refused.value)
    assert ANA not in str(refused.value)


@pytest.mark.parametrize("body", ["", "[]", "no JSON", '"x"'])
def test_what_is_no_object_is_refused(body: str) -> None:
    with pytest.raises(BadRequest, match="A broadcast is one JSON object"):
        broadcasts.read(body)


@pytest.mark.parametrize(
    "message", [{"text": "x" * 64_001}, {"text": "x" * 33_000, "ephemeral": True}]
)
def test_what_is_too_large_for_one_is_refused_for_all(message: dict[str, Any]) -> None:
    with pytest.raises(TooLarge):
        broadcasts.read(json.dumps({**GOOD, "message": message}))


def test_a_list_is_finished_when_all_its_steps_are_done_in_whatever_order() -> None:
    done = [Done(3, 5, START, of=3), Done(1, 5, START, of=3)]
    assert not progress(done).finished
    assert progress([*done, Done(2, 5, START, of=3)]).finished
    assert not progress([]).finished
