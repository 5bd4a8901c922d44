"""What clients may send, and the answer to everything else (I8)."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import limits
from bot.chat import Answer
from bot.errors import BadRequest, ParleyError, TooLarge, UnknownAction
from bot.models import Caller
from bot.wire import frames, reading
from bot.wire.answers import encode
from store.memory.conversations import MemoryConversationStore
from tests.support.adopting import GUEST_ID
from tests.support.clock import START, FakeClock
from tests.support.soak import times
from tests.support.turns import ANA
from tests.support.workers import Worker

NOT_IDS: list[Any] = ["", "a b", "a#b", "main\n", "\nmain", "é", "x" * 65, 5, [], "a/b", "a\u0000"]
NOT_A_FRAME = [
    "",
    " ",
    "hello",
    "{",
    '{"action":"ping"',
    '{"action":"ping"}}',
    "[]",
    '["ping"]',
    "null",
    "true",
    "5",
    '"ping"',
    "NaN",
    '{"action":"ping","x":NaN}',
    '{"action":"ping","x":-Infinity}',
    "[" * 100_000,
    '{"a":' * 30_000,
    "1" * 5_000,
    '{"action":"read","seq":' + "1" * 5_000 + "}",
    "\ufeff{}",
    "{'action':'ping'}",
    "\u0000",
]

MESSAGE = {"action": "message", "messageId": "m1", "text": "hi"}
BAD: list[tuple[dict[str, Any], str]] = [
    ({**MESSAGE, "messageId": ""}, "bad_request"),
    ({**MESSAGE, "messageId": "x" * 129}, "bad_request"),
    ({**MESSAGE, "messageId": 5}, "bad_request"),
    ({**MESSAGE, "messageId": ["m"]}, "bad_request"),
    ({**MESSAGE, "messageId": "\ud800"}, "bad_request"),
    ({"action": "message", "text": "hi"}, "bad_request"),
    ({"action": "message", "messageId": "m1"}, "bad_request"),
    ({**MESSAGE, "text": ""}, "bad_request"),
    ({**MESSAGE, "text": 5}, "bad_request"),
    ({**MESSAGE, "text": True}, "bad_request"),
    ({**MESSAGE, "text": {"a": "b"}}, "bad_request"),
    ({**MESSAGE, "text": "a\ud800b"}, "bad_request"),
    ({**MESSAGE, "text": "\udfff"}, "bad_request"),
    ({**MESSAGE, "text": "x" * 4_001}, "too_large"),
    ({**MESSAGE, "text": "🎉" * 4_001}, "too_large"),
    ({**MESSAGE, "text": "\u0000" * 2_731}, "too_large"),
    ({**MESSAGE, "after": -1}, "bad_request"),
    ({**MESSAGE, "after": 10_000_000_000}, "bad_request"),
    ({**MESSAGE, "after": 1.0}, "bad_request"),
    ({**MESSAGE, "after": 1.5}, "bad_request"),
    ({**MESSAGE, "after": "1"}, "bad_request"),
    ({**MESSAGE, "after": True}, "bad_request"),
    ({**MESSAGE, "after": 10**400}, "bad_request"),
    ({**MESSAGE, "epoch": 5}, "bad_request"),
    ({**MESSAGE, "epoch": "x" * 65}, "bad_request"),
    ({"action": "resume", "after": -1}, "bad_request"),
    ({"action": "resume", "after": "1"}, "bad_request"),
    ({"action": "resume", "epoch": []}, "bad_request"),
    ({"action": "history"}, "bad_request"),
    ({"action": "history", "before": 0}, "bad_request"),
    ({"action": "history", "before": 10_000_000_000}, "bad_request"),
    ({"action": "history", "before": 5, "limit": 0}, "bad_request"),
    ({"action": "history", "before": 5, "limit": 101}, "bad_request"),
    ({"action": "conversations", "cursor": "a#b"}, "bad_request"),
    ({"action": "conversations", "cursor": 5}, "bad_request"),
    ({"action": "conversations", "cursor": ""}, "bad_request"),
    ({"action": "rename"}, "bad_request"),
    ({"action": "rename", "title": ""}, "bad_request"),
    ({"action": "rename", "title": "x" * 121}, "bad_request"),
    ({"action": "rename", "title": "\ud800"}, "bad_request"),
    ({"action": "read"}, "bad_request"),
    ({"action": "read", "seq": 0}, "bad_request"),
    ({"action": "stop", "seq": "1"}, "bad_request"),
    ({"action": "feedback", "rating": "up"}, "bad_request"),
    ({"action": "feedback", "seq": 1, "rating": "sideways"}, "bad_request"),
    ({"action": "feedback", "seq": 1, "rating": 1}, "bad_request"),
    ({"action": "renew"}, "bad_request"),
    ({"action": "renew", "token": None}, "bad_request"),
    ({"action": "renew", "token": ""}, "bad_request"),
    ({"action": "renew", "token": 5}, "bad_request"),
    ({"action": "renew", "token": "canary" * 683}, "bad_request"),
    ({"action": "renew", "token": "\ud800"}, "bad_request"),
    ({"action": "adopt"}, "bad_request"),
    ({"action": "adopt", "guestId": GUEST_ID, "cursor": ""}, "bad_request"),
    ({"action": "adopt", "guestId": GUEST_ID, "cursor": "a#b"}, "bad_request"),
    *[
        ({"action": "adopt", "guestId": bad}, "bad_request")
        for bad in (
            "",
            5,
            [GUEST_ID],
            f"{GUEST_ID}\n",
            f" {GUEST_ID}",
            GUEST_ID.replace("-", ""),
            f"{{{GUEST_ID}}}",
            f"urn:uuid:{GUEST_ID}",
            GUEST_ID.replace("-4", "-1"),
            GUEST_ID.replace("-9c", "-cc"),
            GUEST_ID.replace("7", "７"),
            "guest:" + "a" * 64,
        )
    ],
    *[
        ({"action": action, "conversationId": bad, **fields}, "bad_request")
        for bad in NOT_IDS
        for action, fields in (("resume", {}), ("message", {"messageId": "m", "text": "x"}))
    ],
    ({}, "unknown_action"),
    ({"action": ""}, "unknown_action"),
    ({"action": "Message"}, "unknown_action"),
    ({"action": "$connect"}, "unknown_action"),
    ({"action": "subscribe"}, "unknown_action"),
    ({"action": 5}, "unknown_action"),
    ({"action": ["ping"]}, "unknown_action"),
    ({"action": {}}, "unknown_action"),
    ({"action": "ping\ud800"}, "unknown_action"),
]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
)
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
FIELDS = ["messageId", "conversationId", "text", "after", "epoch", "before", "limit", "cursor"]
FIELDS += ["title", "seq", "rating", "token", "guestId", "action"]
likely = st.one_of(
    any_json,
    st.sampled_from(["main", "m1", "up", 1, 0, -1, 9_999_999_999, 10**10, "", "a#b", "\ud800"]),
)
near_frames = st.builds(
    lambda action, fields, odd: {**fields, **odd, "action": action},
    st.sampled_from([*frames.FRAMES, "none"]),
    st.dictionaries(st.sampled_from(FIELDS), likely),
    st.dictionaries(st.text(st.characters(exclude_categories=())), any_json, max_size=2),
)


def answered(body: str) -> Answer:
    """What a fresh worker says to it."""
    worker = Worker(MemoryConversationStore(), FakeClock())
    worker.say("m1", "hi")
    return worker.chat.handle(Caller(ANA), body)


def only_error(answer: Answer) -> dict[str, Any]:
    """The one error frame that is all of the answer."""
    (error,) = answer.to_caller
    assert answer.to_user == ()
    assert error["type"] == "error"
    return error


@pytest.mark.parametrize("body", NOT_A_FRAME, ids=lambda body: repr(body[:24]))
def test_what_is_no_json_object_is_a_bad_request(body: str) -> None:
    with pytest.raises(BadRequest):
        reading.decode(body)
    error = only_error(answered(body))
    assert (error["code"], error["retryable"]) == ("bad_request", False)


@pytest.mark.parametrize(("frame", "code"), BAD, ids=lambda part: repr(part)[:60])
def test_a_frame_that_breaks_the_contract_is_answered(frame: dict[str, Any], code: str) -> None:
    answer = answered(json.dumps(frame))
    error = only_error(answer)
    assert (error["code"], error["retryable"]) == (code, False)
    assert answer.fault
    encode(error)


@pytest.mark.parametrize("text", ["x" * 4_000, "🎉" * 4_000, "\u0000" * 2_730, "x", " "])
def test_a_text_at_the_limit_is_taken(text: str) -> None:
    answer = answered(json.dumps({**MESSAGE, "messageId": "m2", "text": text}))
    assert answer.to_user[0]["turn"]["text"] == text


@pytest.mark.parametrize("message_id", ["x", "x" * 128, "\u0000#é🎉", " ", '"\\'])
def test_any_short_string_is_a_message_id(message_id: str) -> None:
    answer = answered(json.dumps({**MESSAGE, "messageId": message_id}))
    assert answer.to_user[0]["turn"]["messageId"] == message_id


def test_fields_of_no_meaning_are_ignored_and_null_is_as_left_out() -> None:
    odd: dict[str, Any] = {"userId": "guest:other", "connectionId": "x", "": {}, "after": None}
    answer = answered(json.dumps({**MESSAGE, "messageId": "m2", "conversationId": None, **odd}))
    assert answer.to_user[0]["conversationId"] == "main"


def test_an_error_names_the_message_and_conversation_it_is_about() -> None:
    frame = {**MESSAGE, "conversationId": "c1", "text": ""}
    error = only_error(answered(json.dumps(frame)))
    assert (error["messageId"], error["conversationId"]) == ("m1", "c1")
    long = only_error(answered(json.dumps({**frame, "messageId": "x" * 129})))
    assert "messageId" not in long


@pytest.mark.parametrize(("frame", "code"), BAD, ids=lambda part: repr(part)[:60])
def test_an_error_does_not_quote_what_was_sent(frame: dict[str, Any], code: str) -> None:
    """Logs and screens must not hold what a client put into the wrong field."""
    said = only_error(answered(json.dumps({**frame, "text": "canary" * 700})))["message"]
    assert "canary" not in said
    assert len(said) < 1_000


@settings(max_examples=times(150, 20_000), deadline=None)
@given(near_frames | any_json)
@example({**MESSAGE, "\ud800": 1})
def test_any_json_is_answered_and_never_breaks_the_engine(frame: Any) -> None:
    answer = answered(json.dumps(frame))
    for sent in (*answer.to_caller, *answer.to_user):
        assert len(encode(sent)) <= limits.MAX_FRAME_BYTES
    if answer.afterwards:
        answer.afterwards()


@settings(max_examples=times(200, 20_000), deadline=None)
@given(
    st.text(st.characters(exclude_categories=())) | st.binary().map(lambda b: b.decode("latin-1"))
)
def test_any_text_is_refused_by_an_error_of_ours(body: str) -> None:
    with pytest.raises(ParleyError) as refused:
        reading.validate(reading.decode(body))
    assert isinstance(refused.value, BadRequest | UnknownAction | TooLarge)
    only_error(answered(body))


def test_an_expired_credential_gets_one_error_and_is_closed() -> None:
    worker = Worker(MemoryConversationStore(), FakeClock())
    now = START.timestamp()
    body = json.dumps(MESSAGE)
    for expires_at in (now - 100, now):
        answer = worker.chat.handle(Caller(ANA, expires_at), body)
        error = only_error(answer)
        assert (error["code"], error["retryable"], answer.close) == ("token_expired", False, True)
    assert worker.seqs() == []
    answer = worker.chat.handle(Caller(ANA, now + 0.001), body)
    assert (answer.turn_made, answer.close) == (True, False)


def test_every_action_of_the_contract_is_known() -> None:
    contract = "message resume history conversations rename delete stop read feedback"
    contract += " fork adopt renew ping"
    assert set(frames.FRAMES) == set(contract.split())


def test_a_heartbeat_is_answered() -> None:
    assert answered('{"action":"ping"}').to_caller == ({"type": "pong"},)


def test_what_breaks_the_backend_is_apologized_for_with_the_messages_id() -> None:
    worker = Worker(MemoryConversationStore(), FakeClock())
    for body, named in ((json.dumps(MESSAGE), "m1"), ("{", None), ("", None)):
        error = only_error(worker.chat.apologize(body))
        assert (error["code"], error["retryable"]) == ("internal_error", False)
        assert error.get("messageId") == named
