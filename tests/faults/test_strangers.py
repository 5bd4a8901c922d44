"""Rows 9 to 12 and 15: forged contexts, other users' ids, injected delimiters, a stale index."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models import ConversationKey
from handlers import message
from tests.support import events
from tests.support.backend import Backend
from tests.support.history import table
from tests.support.soak import times
from tests.support.turns import ANA, BEN

SECRET = "only ana may read this"
ACTIONS: list[dict[str, Any]] = [
    {"action": "resume"},
    {"action": "resume", "after": 1},
    {"action": "resume", "after": 0},
    {"action": "history", "before": 9},
    {"action": "conversations"},
    {"action": "conversations", "cursor": "a"},
    {"action": "rename", "title": "hers"},
    {"action": "delete"},
    {"action": "adopt", "guestId": "7f1c0d52-8a3e-4b6f-9c1d-0123456789ab"},
    {"action": "stop", "seq": 1},
    {"action": "read", "seq": 1},
    {"action": "feedback", "seq": 1, "rating": "down"},
]
PLACES: list[dict[str, Any]] = [
    {"conversationId": "main"},
    {"conversationId": "ana-private"},
    {"conversationId": "ana-private", "userId": ANA},
    {"conversationId": "ana-private", "connectionId": "ana="},
    {"conversationId": f"{ANA}#ana-private"},
]


@pytest.fixture
def private() -> Backend:
    """Ana has a conversation; Ben is connected."""
    backend = Backend()
    backend.connect(ANA, "ana=")
    backend.connect(BEN, "ben=")
    for conversation in ("main", "ana-private"):
        for number in (1, 2):
            frame = {"messageId": f"m{number}", "text": SECRET, "conversationId": conversation}
            backend.ask(ANA, "ana=", {"action": "message", **frame})
    return backend


def kept(backend: Backend, user: str) -> list[Any]:
    """All that a user's tables hold."""
    keys = [ConversationKey(user, name) for name in ("main", "ana-private")]
    return [
        *[table(backend.conversations, key) for key in keys],
        *[backend.conversations.conversation(key) for key in keys],
        backend.connections.live(user, backend.clock()),
    ]


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("frame", ACTIONS, ids=lambda frame: json.dumps(frame))
def test_a_strangers_ids_change_and_reveal_nothing(
    private: Backend, frame: dict[str, Any], place: dict[str, Any]
) -> None:
    before = kept(private, ANA)
    got = private.ask(BEN, "ben=", {**frame, **place})
    unknown = {**frame, **place, "conversationId": "of-nobody"}
    nothing = private.ask(BEN, "ben=", unknown)
    assert kept(private, ANA) == before
    assert SECRET not in json.dumps(got)
    assert private.got("ana=") == []
    asked = place["conversationId"]
    if "#" not in asked:
        renamed = json.loads(json.dumps(got).replace(f'"{asked}"', '"of-nobody"'))
        assert renamed == nothing, "the same as for what does not exist"


def test_the_epoch_and_place_of_another_are_worth_nothing(private: Backend) -> None:
    (seen,) = private.ask(ANA, "ana=", {"action": "resume"})
    (got,) = private.ask(BEN, "ben=", {"action": "resume", "after": 1, "epoch": seen["epoch"]})
    assert (got["turns"], got["reset"], got["head"]) == ([], True, 0)


def test_a_message_id_of_another_is_ones_own(private: Backend) -> None:
    frame = {"action": "message", "messageId": "m1", "text": "of ben", "after": 0}
    (got,) = private.ask(BEN, "ben=", frame)
    assert (got["turn"]["seq"], got["turn"]["text"]) == (1, "of ben")


def test_who_speaks_is_the_authorizers_word_not_the_tables(private: Backend) -> None:
    """Ben's context on Ana's connection id: what is his goes there, what is hers stays."""
    got = private.ask(BEN, "ana=", {"action": "resume"})
    assert got[0]["turns"] == []


@pytest.mark.parametrize(
    "forged",
    [
        {"authorizer": {"principalId": ANA}},
        {"authorizer": {"claims": {"sub": ANA}}},
        {"authorizer": None, "identity": {"userId": ANA}},
        {"userId": ANA},
        {"authorizer": {"userId": None}},
    ],
    ids=str,
)
def test_a_context_without_a_user_is_not_a_user(private: Backend, forged: dict[str, Any]) -> None:
    event = events.message({"action": "resume", "userId": ANA}, "unknown=")
    event["requestContext"] |= forged
    message.answer(private.functions[0], event)
    (error,) = private.got("unknown=")
    assert (error["type"], error["code"]) == ("error", "internal_error")


delimited = st.text(st.sampled_from("#ab:0-_\u0000 "), max_size=12) | st.text(max_size=12)


@settings(
    max_examples=times(150, 5_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(conversation=delimited, message_id=delimited)
def test_no_delimiter_in_an_id_leads_out_of_ones_own_conversation(
    private: Backend, conversation: str, message_id: str
) -> None:
    before = kept(private, ANA)
    frame = {"conversationId": conversation, "messageId": message_id, "text": "of ben"}
    for action in ("message", "resume", "delete"):
        got = private.ask(BEN, "ben=", {"action": action, "seq": 1, "before": 1, **frame})
        assert SECRET not in json.dumps(got)
    assert kept(private, ANA) == before


@pytest.mark.parametrize("lag", range(times(4, 50)))
def test_an_index_that_lags_names_no_one_rather_than_another(
    lag: int, new_user: Callable[[], str]
) -> None:
    """Row 15: the index shows the connections as they were some writes ago."""
    backend = Backend()
    ana, ben = new_user(), new_user()
    seen: dict[str, str] = {}
    writes: list[tuple[str, str]] = []

    def catch_up() -> None:
        seen.update(writes[: max(0, len(writes) - lag)])

    backend.connections.user_of = seen.get  # type: ignore[method-assign, assignment]
    for number in range(6):
        user = (ana, ben)[number % 2]
        name = f"{user[-6:]}{number}="
        backend.connect(user, name)
        writes.append((name, user))
        catch_up()
        text = {"action": "message", "messageId": f"m{number}", "text": f"of {user}"}
        with_context = backend.ask(user, name, text)
        without = backend.ask(None, name, {"action": "resume"})
        if name in seen:
            assert (
                without[0]["turns"]
                == [turn["turn"] for turn in [*with_context] if turn["type"] == "turn"]
                or without[0]["head"] == number // 2 + 1
            )
        else:
            assert without[0]["retryable"] is True
        assert (ben if user == ana else ana) not in json.dumps(without)
        backend.disconnect(None, name)
        live = [each.connection_id for each in backend.connections.live(user, backend.clock())]
        assert (name in live) == (name not in seen)
