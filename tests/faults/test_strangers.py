"""Rows 9 to 12 and 15: forged contexts, other users' ids, injected delimiters, a stale index."""

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models import ConversationKey
from handlers import message
from tests.support import events
from tests.support.backend import Backend
from tests.support.fault_report import Rows
from tests.support.history import History, live_rows, table
from tests.support.invariants import check
from tests.support.soak import times
from tests.support.turns import ANA, BEN

PRIVATE = ConversationKey(ANA, "ana-private")
PLAIN = re.compile("[a-z-]+")
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
    {"action": "renew", "token": "hers"},
    {"action": "stop", "seq": 1},
    {"action": "read", "seq": 1},
    {"action": "feedback", "seq": 1, "rating": "down"},
    {"action": "feedback", "seq": 2},
    {"action": "message", "messageId": "m1", "text": "of ben"},
    {"action": "message", "messageId": "m2", "text": "of ben", "after": 1},
]
PLACES: list[dict[str, Any]] = [
    {"conversationId": "main"},
    {"conversationId": "ana-private"},
    {"conversationId": "ana-private", "epoch": "HERS"},
    {"conversationId": "ana-private", "after": 1, "epoch": "HERS"},
    {"conversationId": "ana-private", "messageId": "m1"},
    {"conversationId": "ana-private", "after": 2},
    {"conversationId": f"{ANA}#ana-private"},
    {"conversationId": f"../{ANA}/ana-private"},
]
NAMES: list[dict[str, Any]] = [
    {"userId": ANA},
    {"connectionId": "ana="},
    {"userId": ANA, "connectionId": "ana=", "requestContext": {"authorizer": {"userId": ANA}}},
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


@pytest.mark.row(10)
@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("frame", ACTIONS, ids=lambda frame: json.dumps(frame))
def test_a_strangers_ids_change_and_reveal_nothing(
    private: Backend, frame: dict[str, Any], place: dict[str, Any]
) -> None:
    before = kept(private, ANA)
    (hers,) = {turn.epoch for turn in table(private.conversations, PRIVATE)}
    asked = {**frame, **place, **({"epoch": hers} if "epoch" in place else {})}
    got = private.ask(BEN, "ben=", asked)
    assert kept(private, ANA) == before
    assert SECRET not in json.dumps(got)
    assert private.got("ana=") == []
    name = place["conversationId"]
    if PLAIN.fullmatch(name):
        nothing = private.ask(BEN, "ben=", {**asked, "conversationId": "of-nobody"})
        assert anonymous(got, name) == anonymous(nothing, name), "as for what does not exist"


@pytest.mark.row(12)
@pytest.mark.parametrize("names", NAMES, ids=["user", "connection", "context"])
@pytest.mark.parametrize("frame", ACTIONS, ids=lambda frame: json.dumps(frame))
def test_who_a_frame_says_it_is_from_is_nobodys_word(
    private: Backend, frame: dict[str, Any], names: dict[str, Any]
) -> None:
    before = kept(private, ANA)
    got = private.ask(BEN, "ben=", {"conversationId": "ana-private", **frame, **names})
    assert kept(private, ANA) == before
    assert SECRET not in json.dumps(got)
    assert private.got("ana=") == []
    without = private.ask(BEN, "ben=", {"conversationId": "of-nobody", **frame})
    assert anonymous(got, "ana-private") == anonymous(without, "ana-private")


def anonymous(frames: list[Any], name: str) -> Any:
    """The frames without their conversation's name, and without the epoch of one's own turn."""
    said = json.dumps(frames).replace(f'"{name}"', '"of-nobody"')
    return json.loads(re.sub(r'"epoch": "[^"]*"', '"epoch": ""', said))


@pytest.mark.row(10)
def test_the_epoch_and_place_of_another_are_worth_nothing(private: Backend) -> None:
    (seen,) = private.ask(ANA, "ana=", {"action": "resume"})
    (got,) = private.ask(BEN, "ben=", {"action": "resume", "after": 1, "epoch": seen["epoch"]})
    assert (got["turns"], got["reset"], got["head"]) == ([], True, 0)


@pytest.mark.row(10)
def test_a_message_id_of_another_is_ones_own(private: Backend) -> None:
    frame = {"action": "message", "messageId": "m1", "text": "of ben", "after": 0}
    (got,) = private.ask(BEN, "ben=", frame)
    assert (got["turn"]["seq"], got["turn"]["text"]) == (1, "of ben")


@pytest.mark.row(9)
def test_who_speaks_is_the_authorizers_word_not_the_tables(private: Backend) -> None:
    """Ben's context on Ana's connection id: what is his goes there, what is hers stays."""
    got = private.ask(BEN, "ana=", {"action": "resume"})
    assert got[0]["turns"] == []


@pytest.mark.row(9)
@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"authorizer": {}},
        {"authorizer": {"userId": ""}},
        {"authorizer": {"user_id": ANA, "USERID": ANA, "sub": ANA}},
        {"connectionId": "unknown=", "userId": ANA, "principalId": ANA},
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
    row: Rows, private: Backend, conversation: str, message_id: str
) -> None:
    with row(11) as run:
        run.inject()
        before = kept(private, ANA)
        frame = {"conversationId": conversation, "messageId": message_id, "text": "of ben"}
        for action in ("message", "resume", "delete"):
            got = private.ask(BEN, "ben=", {"action": action, "seq": 1, "before": 1, **frame})
            assert SECRET not in json.dumps(got)
        assert kept(private, ANA) == before


def test_an_index_that_lags_names_no_one_rather_than_another(
    row: Rows, new_user: Callable[[], str]
) -> None:
    """Row 15: the index shows the connections as they were some writes ago, fewer and fewer."""
    for seed in range(times(4, 60)):
        with row(15, seed=seed) as run:
            chance, backend, history = Random(seed), Backend(), History()
            users = new_user(), new_user()
            seen: dict[str, str] = {}
            writes: list[tuple[str, str]] = []
            backend.connections.user_of = seen.get  # type: ignore[method-assign, assignment]
            for number in range(12):
                user, name = users[number % 2], f"c{seed}-{number}="
                backend.connect(user, name)
                history.opened(user, name)
                writes.append((name, user))
                seen.update(writes[: max(0, len(writes) - chance.randrange(1, 7))])
                said = {"action": "message", "messageId": f"m{number}", "text": f"of {user}"}
                history.send(user, said, name)
                history.got(user, backend.ask(user, name, said), name)
                without = backend.ask(None, name, {"action": "resume"})
                history.got(user, without, name)
                if name not in seen:
                    assert [frame["retryable"] for frame in without] == [True]
                if chance.random() < 0.5:
                    backend.disconnect(None, name)
                    if name in seen:
                        history.closed(user, name)
                run.inject(int(name not in seen))
            history.active = live_rows(backend.connections, users)
            keys = [ConversationKey(user, "main") for user in users]
            check(history, {key: table(backend.conversations, key) for key in keys})
