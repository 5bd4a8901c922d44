"""One frame of a client in, its answer out: whatever happens on the way."""

from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.models import Reply
from handlers import message
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support import events
from tests.support.adopting import EVA, GUEST, GUEST_ID
from tests.support.backend import Backend
from tests.support.bots import Scripted
from tests.support.clock import START
from tests.support.turns import ANA, BEN

HELLO = {"action": "message", "messageId": "m1", "text": "hello", "after": 0}


class Down(MemoryConversationStore):
    """A table that does not answer."""

    def newest(self, key: Any, limit: int) -> Any:
        raise StoreUnavailable("The conversation cannot be reached now.")


class Broken(MemoryConversationStore):
    """A store with a bug in it."""

    def newest(self, key: Any, limit: int) -> Any:
        raise ZeroDivisionError("secret words")


def test_a_turn_reaches_all_of_the_users_devices(backend: Backend) -> None:
    for user, name in ((ANA, "phone"), (ANA, "laptop"), (BEN, "other")):
        backend.connect(user, name)
    (mine,) = backend.ask(ANA, "phone", HELLO)
    assert mine["type"] == "turn"
    assert backend.got("laptop") == [mine]
    assert backend.got("other") == []


def test_a_resend_reaches_the_asker_alone(backend: Backend) -> None:
    backend.connect(ANA, "phone")
    backend.connect(ANA, "laptop")
    first = backend.ask(ANA, "phone", HELLO)
    backend.got("laptop")
    assert backend.ask(ANA, "phone", HELLO, function=1) == first
    assert backend.got("laptop") == []


def test_an_error_reaches_the_asker_alone(backend: Backend) -> None:
    backend.connect(ANA, "phone")
    backend.connect(ANA, "laptop")
    (error,) = backend.ask(ANA, "phone", "{")
    assert error["code"] == "bad_request"
    assert backend.got("laptop") == []


@pytest.mark.parametrize(
    "body", [None, "", "{", "[]", "\ud800", '{"action":"\\ud800"}', 5, {"action": "ping"}, ["x"]]
)
def test_any_body_is_answered(backend: Backend, body: Any) -> None:
    event = {**events.message("", "c1=", ANA), "body": body}
    assert message.answer(backend.functions[0], event) == {"statusCode": 200}
    (error,) = backend.got("c1=")
    assert error["type"] == "error"
    assert backend.ask(ANA, "c1=", {"action": "ping"}) == [{"type": "pong"}]


@pytest.mark.parametrize("when", [None, "", 0, "1772366400000", "never", 1e30, [], {}], ids=str)
def test_an_odd_time_of_request_breaks_nothing(backend: Backend, when: Any) -> None:
    event = events.message(HELLO, "c1=", ANA)
    event["requestContext"]["requestTimeEpoch"] = when
    assert message.answer(backend.functions[0], event) == {"statusCode": 200}
    (frame,) = backend.got("c1=")
    assert frame["type"] == "turn"


def test_without_context_the_user_is_found_by_connection(backend: Backend) -> None:
    backend.connect(ANA, "c1=")
    (frame,) = backend.ask(None, "c1=", HELLO)
    assert frame["type"] == "turn"
    assert backend.ask(ANA, "c1=", {"action": "resume"})[0]["head"] == 1


@pytest.mark.parametrize("authorizer", [None, {}, {"principalId": ANA}, {"userId": ""}])
def test_an_empty_context_names_no_one(backend: Backend, authorizer: Any) -> None:
    event = events.message(HELLO, "nobody=")
    event["requestContext"]["authorizer"] = authorizer
    assert message.answer(backend.functions[0], event) == {"statusCode": 200}
    (error,) = backend.got("nobody=")
    assert (error["code"], error["retryable"]) == ("internal_error", True)


def test_an_unknown_connection_that_is_gone_as_well_breaks_nothing(backend: Backend) -> None:
    backend.memory.gone.add("nobody=")
    assert backend.send(None, "nobody=", HELLO) == {"statusCode": 200}


@pytest.mark.parametrize("store", [Down(), Broken()], ids=["down", "broken"])
def test_a_store_that_fails_is_answered(store: MemoryConversationStore) -> None:
    backend = Backend(conversations=store)
    backend.connect(ANA, "c1=")
    (error,) = backend.ask(ANA, "c1=", HELLO)
    assert error["code"] == "internal_error"
    assert error["messageId"] == "m1"
    assert error["retryable"] is isinstance(store, Down)
    assert "secret" not in str(error)


def test_connections_that_cannot_be_read_do_not_undo_the_turn() -> None:
    class Lost(MemoryConnectionStore):
        def live(self, user_id: str, now: Any) -> Any:
            raise StoreUnavailable("down")

    backend = Backend(connections=Lost())
    backend.connect(ANA, "c1=")
    (frame,) = backend.ask(ANA, "c1=", HELLO)
    assert frame["type"] == "turn"
    assert backend.ask(ANA, "c1=", HELLO) == [frame]


def test_a_list_that_cannot_be_noted_does_not_undo_the_turn() -> None:
    class Unlisted(MemoryConversationStore):
        def note_conversation(self, *args: Any) -> None:
            raise StoreUnavailable("down")

    backend = Backend(conversations=Unlisted())
    backend.connect(ANA, "c1=")
    assert [frame["type"] for frame in backend.ask(ANA, "c1=", HELLO)] == ["turn"]


def test_a_bug_after_the_turn_was_sent_is_not_told_as_a_failure() -> None:
    """API Gateway answers a raising function with its own error frame, though the turn stands."""

    class Unlisted(MemoryConversationStore):
        def note_conversation(self, *args: Any) -> None:
            raise ZeroDivisionError("a bug")

    backend = Backend(conversations=Unlisted())
    backend.connect(ANA, "c1=")
    assert [frame["type"] for frame in backend.ask(ANA, "c1=", HELLO)] == ["turn"]


def test_who_has_gone_meanwhile_is_deactivated_and_the_turn_stands(backend: Backend) -> None:
    backend.connect(ANA, "phone")
    backend.connect(ANA, "laptop")
    backend.memory.gone.add("phone")
    assert backend.send(ANA, "phone", HELLO) == {"statusCode": 200}
    assert [frame["type"] for frame in backend.got("laptop")] == ["turn"]
    live = backend.connections.live(ANA, backend.clock())
    assert [each.connection_id for each in live] == ["laptop"]


def test_a_bot_that_fails_is_answered() -> None:
    def fail(snapshot: Any, said: Any) -> Reply:
        raise RuntimeError("secret words")

    backend = Backend(bot=Scripted(fail))
    (error,) = backend.ask(ANA, "c1=", HELLO)
    assert (error["code"], error["retryable"]) == ("internal_error", False)
    assert "secret" not in str(error)


def test_an_expired_token_is_told_and_the_connection_closed(backend: Backend) -> None:
    backend.connect(ANA, "c1=")
    expired = str(int(START.timestamp()) - 1)
    event = events.message(HELLO, "c1=", ANA, expiresAt=expired)
    assert message.answer(backend.functions[0], event) == {"statusCode": 200}
    (error,) = backend.got("c1=")
    assert error["code"] == "token_expired"
    assert "c1=" in backend.memory.gone


@pytest.mark.parametrize("expires_at", ["", None, "0", "nonsense", "nan", "1e400", "-1"])
def test_an_odd_expiry_never_breaks_the_function(backend: Backend, expires_at: Any) -> None:
    event = events.message(HELLO, "c1=", ANA, expiresAt=expires_at)
    assert message.answer(backend.functions[0], event) == {"statusCode": 200}
    assert len(backend.got("c1=")) == 1


def test_all_actions_reach_the_devices_they_are_for(backend: Backend) -> None:
    for name in ("phone", "laptop"):
        backend.connect(ANA, name)
    table: list[tuple[dict[str, Any], bool]] = [
        (HELLO, True),
        ({"action": "resume"}, False),
        ({"action": "history", "before": 2}, False),
        ({"action": "conversations"}, False),
        ({"action": "rename", "title": "x"}, True),
        ({"action": "read", "seq": 1}, True),
        ({"action": "feedback", "seq": 1, "rating": "up"}, True),
        ({"action": "stop", "seq": 1}, False),
        ({"action": "adopt", "guestId": GUEST_ID}, False),
        ({"action": "ping"}, False),
        ({"action": "nonsense"}, False),
        ({"action": "delete"}, True),
    ]
    for frame, shared in table:
        got = backend.ask(ANA, "phone", frame)
        assert len(got) == 1
        assert backend.got("laptop") == (got if shared else []), frame


def test_an_adoption_is_told_to_the_asker_and_shown_on_all_of_the_users_devices(
    backend: Backend,
) -> None:
    for user, name in ((GUEST, "tab"), (EVA, "phone"), (EVA, "laptop")):
        backend.connect(user, name)
    backend.ask(GUEST, "tab", HELLO)
    adopted, shown = backend.ask(EVA, "phone", {"action": "adopt", "guestId": GUEST_ID})
    assert adopted["type"] == "adopted"
    (each,) = adopted["conversations"]
    assert (shown["type"], shown["conversationId"]) == ("snapshot", each["conversationId"])
    assert backend.got("laptop") == [shown]
    assert backend.got("tab") == []


@pytest.mark.parametrize("user", [ANA, "guest:user:x", "User:x", "", "nobody"])
def test_only_who_the_authorizer_says_is_signed_in_adopts(backend: Backend, user: str) -> None:
    backend.connect(GUEST, "tab")
    backend.ask(GUEST, "tab", HELLO)
    event = events.message({"action": "adopt", "guestId": GUEST_ID}, "c1=", user, kind="user")
    message.answer(backend.functions[0], event)
    (error,) = backend.got("c1=")
    assert error["type"] == "error"
    assert backend.ask(GUEST, "tab", {"action": "resume"})[0]["head"] == 1
