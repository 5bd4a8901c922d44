"""Logs and metrics are facts: no credential, no guest's id, no word of a user (invariant S)."""

import io
import json
from typing import Any

import pytest

from auth.door import Door
from auth.guests import guest
from bot.errors import SendFailed, StoreUnavailable
from bot.models import Reply
from delivery.memory import MemorySender
from handlers import authorizer, message
from handlers.setup.apps import AuthorizerApp
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support import events
from tests.support.adopting import EVA
from tests.support.backend import Backend
from tests.support.bots import Scripted
from tests.support.turns import ANA

SECRET = "canary-7c1d"
GUEST = events.GUEST
HELLO = {"action": "message", "messageId": f"id-{SECRET}", "text": f"text {SECRET}"}


def quoting(kind: type[Exception]) -> Any:
    """Something that raises an error which quotes what it was working on, and its cause too."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        try:
            raise KeyError(SECRET, args)
        except KeyError as error:
            raise kind(f"{SECRET} in {args}") from error

    return fail


class BadStore(MemoryConversationStore):
    """Every method of it fails with `kind`."""

    def __init__(self, kind: type[Exception]) -> None:
        super().__init__()
        self.newest = self.append = self.conversation = quoting(kind)  # type: ignore[method-assign]


class BadConnections(MemoryConnectionStore):
    """Cannot be read."""

    live = quoting(StoreUnavailable)


class BadSender(MemorySender):
    """Cannot send."""

    send = quoting(SendFailed)


BACKENDS = {
    "all is well": lambda: Backend(),
    "the bot raises": lambda: Backend(bot=Scripted(quoting(RuntimeError))),
    "the bot's reply is too long": lambda: Backend(
        bot=Scripted(lambda snapshot, said: Reply(SECRET * 10_000))
    ),
    "the bot's state cannot be kept": lambda: Backend(
        bot=Scripted(lambda snapshot, said: Reply("x", {SECRET: object()}))
    ),
    "the store does not answer": lambda: Backend(conversations=BadStore(StoreUnavailable)),
    "the store has a bug": lambda: Backend(conversations=BadStore(ZeroDivisionError)),
    "connections cannot be read": lambda: Backend(connections=BadConnections()),
    "frames cannot be sent": lambda: Backend(sender=BadSender()),
}
BODIES = {
    "a message": HELLO,
    "no json": f"{{{SECRET}",
    "no frame": json.dumps([SECRET]),
    "unknown action": {"action": SECRET},
    "too large": {**HELLO, "text": SECRET * 1_000},
    "wrong types": {**HELLO, "text": {SECRET: SECRET}, "after": SECRET},
    "resume": {"action": "resume", "epoch": SECRET},
    "rename": {"action": "rename", "title": SECRET},
    "renew": {"action": "renew", "token": SECRET},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
@pytest.mark.parametrize("build", BACKENDS.values(), ids=list(BACKENDS))
def test_no_word_of_a_user_is_logged_whatever_goes_wrong(
    build: Any, body: Any, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = build()
    backend.connect(ANA, "c1=")
    backend.send(ANA, "c1=", body)
    said = logged.getvalue() + "".join(capsys.readouterr())
    assert '"message":"answered"' in said.replace(" ", "")
    assert SECRET not in said
    assert ANA not in said


@pytest.mark.parametrize("guest_id", [GUEST, GUEST.upper(), GUEST[:-1], f"{GUEST} "])
@pytest.mark.parametrize("user", [ANA, EVA], ids=["guest", "signed in"])
@pytest.mark.parametrize("build", BACKENDS.values(), ids=list(BACKENDS))
def test_no_guests_id_is_logged_kept_or_told_when_it_is_adopted(
    build: Any, user: str, guest_id: str, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = build()
    backend.send(guest(GUEST).user_id, "g=", HELLO)
    backend.memory.sent.clear()
    backend.send(user, "c1=", {"action": "adopt", "guestId": guest_id})
    told = json.dumps([list(frames) for frames in backend.memory.sent.values()])
    kept = str(vars(backend.conversations))
    said = logged.getvalue() + "".join(capsys.readouterr()) + told + kept
    assert '"action":"adopt"' in said.replace(" ", "") or guest_id not in (GUEST, GUEST.upper())
    assert guest_id.strip().lower() not in said.lower()
    assert SECRET not in logged.getvalue()


@pytest.mark.parametrize("guests", [True, False])
@pytest.mark.parametrize("credential", [GUEST, GUEST.upper(), f"{GUEST[:-1]}", f"eyJ.{SECRET}.x"])
@pytest.mark.parametrize("place", ["authorization", "offer", "query"])
def test_no_credential_is_logged_or_told(
    backend: Backend,
    logged: io.StringIO,
    capsys: pytest.CaptureFixture[str],
    guests: bool,
    credential: str,
    place: str,
) -> None:
    requests: dict[str, Any] = {
        "authorization": {"headers": {"Authorization": f"Bearer {credential}"}},
        "offer": {"headers": {"Sec-WebSocket-Protocol": f"chat.v1, {credential}"}},
        "query": {"query": {"token": credential}},
    }
    app = AuthorizerApp(
        Door(guests=guests), backend.connection_app.logger, backend.functions[0].metrics
    )
    answer = authorizer.answer(app, events.authorizer(**requests[place]))
    opened = backend.connect(ANA, "c1=", **requests[place])
    said = logged.getvalue() + "".join(capsys.readouterr()) + json.dumps([answer, opened])
    assert credential.lower() not in said.lower()
    assert SECRET not in said


def test_a_door_that_breaks_does_not_tell_what_was_brought(
    backend: Backend, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    class Breaking(Door):
        admit = quoting(ZeroDivisionError)

    app = AuthorizerApp(
        Breaking(guests=True), backend.connection_app.logger, backend.functions[0].metrics
    )
    answer = authorizer.answer(app, events.authorizer(query={"token": GUEST}))
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"
    said = logged.getvalue() + "".join(capsys.readouterr())
    assert "ZeroDivisionError" in said
    assert SECRET not in said
    assert GUEST not in said


def test_a_failure_is_logged_by_type_and_place(logged: io.StringIO) -> None:
    backend = Backend(conversations=BadStore(ZeroDivisionError))
    backend.send(ANA, "c1=", HELLO)
    failure = next(
        line for line in map(json.loads, logged.getvalue().splitlines()) if line["level"] == "ERROR"
    )
    assert [cause["type"] for cause in failure["causes"]] == ["ZeroDivisionError", "KeyError"]
    assert any("test_logs.py" in place for place in failure["causes"][0]["places"])


def test_every_frame_is_one_line_of_facts(backend: Backend, logged: io.StringIO) -> None:
    backend.connect(ANA, "c1=")
    logged.truncate(0)
    logged.seek(0)
    backend.send(ANA, "c1=", HELLO)
    (line,) = map(json.loads, logged.getvalue().splitlines())
    facts = {name: line[name] for name in ("action", "code", "races", "reached", "gone", "failed")}
    assert facts == {
        "action": "message",
        "code": "ok",
        "races": 0,
        "reached": 1,
        "gone": 0,
        "failed": 0,
    }


def test_what_is_measured_names_no_one(
    backend: Backend, capsys: pytest.CaptureFixture[str]
) -> None:
    message.answer(backend.functions[0], events.message(HELLO, "c1=", ANA))
    printed = [line for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    (metrics,) = map(json.loads, printed)
    assert (metrics["Frames"], metrics["Turns"], metrics["Errors"]) == ([1.0], [1.0], [0.0])
    assert SECRET not in printed[0]
    assert ANA not in printed[0]
