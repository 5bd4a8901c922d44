"""Connections whose credential runs out, and those that are renewed, at the functions' door."""

import io
import json
import time
from typing import Any

import pytest

from auth.issuers import user_id
from auth.principal import Kind, Principal, Refused
from bot.errors import StoreUnavailable, TokenRefused
from bot.models import Caller, Connection
from handlers import connect, message
from handlers.incoming import events
from handlers.setup import composition
from handlers.setup.renewal import Tokens
from handlers.setup.token_settings import TokenSettings
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support import events as made
from tests.support.backend import Backend
from tests.support.clock import START
from tests.support.issuer import EVE, UMA
from tests.support.key_pairs import ec_jwk, ec_key
from tests.support.tokens import AUDIENCE, Forge
from tests.support.turns import ANA
from tests.support.workers import Worker

NOON = START.timestamp()
HELLO = {"action": "message", "messageId": "m1", "text": "hello", "after": 0}
FRAMES: list[Any] = [
    HELLO,
    {"action": "ping"},
    {"action": "resume"},
    {"action": "conversations"},
    {"action": "delete"},
    {"action": "nonsense"},
    {"action": "renew"},
    "",
    "{",
    "[]",
]


def renew(backend: Backend, connection: str, until: float, user: str = EVE, **at: Any) -> Any:
    """Send a fresh token; the one frame that comes back."""
    token = backend.issuer.token(user, until)
    (frame,) = backend.ask(user, connection, {"action": "renew", "token": token}, **at)
    return frame


def live(backend: Backend, user: str = EVE) -> list[str]:
    """Whom a turn would be sent to."""
    return [each.connection_id for each in backend.connections.live(user, backend.clock())]


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_an_expired_connection_is_told_so_and_closed_whatever_it_sends(
    backend: Backend, frame: Any
) -> None:
    backend.connect(EVE, "c1=", NOON + 60)
    backend.connect(EVE, "c2=", NOON + 600)
    backend.clock.advance(seconds=60)
    (error,) = backend.ask(EVE, "c1=", frame)
    assert (error["type"], error["code"], error["retryable"]) == ("error", "token_expired", False)
    assert backend.memory.gone == {"c1="}
    assert backend.got("c2=") == []
    assert backend.ask(EVE, "c2=", {"action": "resume"})[0]["head"] == 0


def test_a_fresh_token_comes_too_late_for_an_expired_connection(backend: Backend) -> None:
    backend.connect(EVE, "c1=", NOON + 60)
    backend.clock.advance(seconds=60)
    assert renew(backend, "c1=", NOON + 3600)["code"] == "token_expired"
    assert backend.memory.gone == {"c1="}
    assert live(backend) == []


def test_nothing_is_sent_where_the_credential_has_run_out_and_nothing_is_lost(
    backend: Backend,
) -> None:
    backend.connect(EVE, "phone=", NOON + 60)
    backend.connect(EVE, "laptop=", NOON + 600)
    backend.clock.advance(seconds=60)
    (turn,) = backend.ask(EVE, "laptop=", HELLO)
    assert backend.got("phone=") == []
    assert backend.ask(EVE, "phone=", {"action": "ping"})[0]["code"] == "token_expired"
    backend.connect(EVE, "back=", NOON + 3600)
    (snapshot,) = backend.ask(EVE, "back=", {"action": "resume", "after": 0})
    assert snapshot["turns"] == [turn["turn"]]


@pytest.mark.parametrize("function", [0, 1])
def test_a_renewed_connection_is_served_and_sent_to(backend: Backend, function: int) -> None:
    for name in ("phone=", "laptop="):
        backend.connect(EVE, name, NOON + 60)
    assert renew(backend, "phone=", NOON + 3600)["expiresAt"] == "2026-03-01T13:00:00.000Z"
    backend.clock.advance(seconds=60)
    assert live(backend) == ["phone="]
    (frame,) = backend.ask(EVE, "phone=", HELLO, function=function)
    assert frame["type"] == "turn"
    assert backend.got("laptop=") == []
    assert backend.ask(EVE, "laptop=", {"action": "ping"})[0]["code"] == "token_expired"


def test_without_context_the_rows_end_counts(backend: Backend) -> None:
    """What the authorizer said reached `$connect`, whatever comes with later events."""
    backend.connect(EVE, "c1=", NOON + 60)
    backend.contexts.clear()
    assert backend.ask(None, "c1=", {"action": "ping"}) == [{"type": "pong"}]
    backend.clock.advance(seconds=60)
    assert backend.ask(None, "c1=", {"action": "ping"})[0]["code"] == "token_expired"
    assert backend.memory.gone == {"c1="}


def test_without_context_a_connection_can_be_renewed(backend: Backend) -> None:
    backend.connect(EVE, "c1=", NOON + 60)
    backend.contexts.clear()
    token = backend.issuer.token(EVE, NOON + 3600)
    (frame,) = backend.ask(None, "c1=", {"action": "renew", "token": token})
    assert frame["type"] == "renewed"
    backend.clock.advance(seconds=60)
    assert backend.ask(None, "c1=", {"action": "ping"}, function=1) == [{"type": "pong"}]


def test_without_context_an_ended_connection_is_served_no_more(backend: Backend) -> None:
    backend.connect(ANA, "c1=")
    backend.disconnect(ANA, "c1=")
    assert backend.ask(None, "c1=", {"action": "ping"})[0]["code"] == "token_expired"


def test_a_context_that_names_no_one_brings_no_word_of_an_end(backend: Backend) -> None:
    backend.connect(EVE, "c1=", NOON + 60)
    event = made.message({"action": "ping"}, "c1=")
    event["requestContext"]["authorizer"] = {"kind": "guest"}
    backend.clock.advance(seconds=60)
    message.answer(backend.functions[0], event)
    assert backend.got("c1=")[0]["code"] == "token_expired"


@pytest.mark.parametrize(
    ("context", "until"),
    [
        ({"kind": "guest"}, None),
        ({"kind": "user", "expiresAt": "1772370000"}, 1772370000),
        ({"kind": "user", "expiresAt": 1772370000}, 1772370000),
        ({"kind": "guest", "expiresAt": "1772370000"}, 1772370000),
        *[({"kind": "guest", "expiresAt": odd}, 0) for odd in ("", "soon", "nan", "inf", "1e400")],
        ({"kind": "user"}, 0),
        ({"kind": "User", "expiresAt": None}, 0),
        ({"expiresAt": [5]}, 0),
        ({}, 0),
    ],
    ids=str,
)
def test_connect_notes_until_when_the_authorizer_let_a_client_in(
    backend: Backend, context: dict[str, Any], until: float | None
) -> None:
    event = made.connect("c1=", EVE)
    event["requestContext"]["authorizer"] = {"principalId": EVE, "userId": EVE, **context}
    assert events.authorized_until(event) == until
    assert connect.answer(backend.connection_app, event)["statusCode"] == 200
    (row,) = backend.connections.active(EVE)
    assert row.authorized_until == until


def test_rows_that_cannot_be_read_are_no_reason_to_close() -> None:
    class Down(MemoryConnectionStore):
        def authorized_until(self, user_id: str, connection_id: str) -> float:
            raise StoreUnavailable("down")

    backend = Backend(connections=Down())
    backend.connect(EVE, "c1=", NOON + 60)
    backend.clock.advance(seconds=60)
    (error,) = backend.ask(EVE, "c1=", HELLO)
    assert (error["code"], error["retryable"]) == ("internal_error", True)
    assert backend.memory.gone == set()


def test_a_renewal_that_cannot_be_written_may_be_tried_again() -> None:
    class Down(MemoryConnectionStore):
        def renew(self, user_id: str, connection_id: str, until: float) -> float:
            raise StoreUnavailable("down")

    backend = Backend(connections=Down())
    backend.connect(EVE, "c1=", NOON + 60)
    error = renew(backend, "c1=", NOON + 3600)
    assert (error["code"], error["retryable"]) == ("internal_error", True)


def test_the_log_says_why_a_token_was_refused_and_not_which(
    backend: Backend, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    backend.connect(EVE, "c1=", NOON + 60)
    token = backend.issuer.token(UMA, NOON + 3600)
    for refused in (token, "never-given-out"):
        backend.ask(EVE, "c1=", {"action": "renew", "token": refused})
    said = [json.loads(line) for line in logged.getvalue().splitlines()]
    answered = [line for line in said if line["message"] == "answered"]
    assert [(line["code"], line["reason"]) for line in answered] == [
        ("token_refused", "of another subject"),
        ("token_refused", "expired, or not of this issuer"),
    ]
    written = logged.getvalue() + "".join(capsys.readouterr())
    assert token not in written
    assert "never-given-out" not in written


class Verifier:
    """Lets one token pass."""

    def verify(self, token: str) -> Principal:
        """See auth.tokens."""
        if token != "good":
            raise Refused("signature wrong")
        return Principal(EVE, Kind("user"), 5)


def test_the_verifier_is_built_at_the_first_token_and_once() -> None:
    built: list[Verifier] = []

    def build() -> Verifier:
        built.append(Verifier())
        return built[-1]

    tokens = Tokens(build)
    assert built == []
    assert (tokens("good").user_id, tokens("good").expires_at) == (EVE, 5)
    with pytest.raises(TokenRefused) as refused:
        tokens("bad")
    assert refused.value.reason == "signature wrong"
    assert len(built) == 1


def test_a_token_of_a_real_issuer_renews_by_the_verifier_of_the_composition(
    backend: Backend,
) -> None:
    forge = Forge(clock=time.time)
    settings = TokenSettings.from_environment(
        {
            "JWT_ISSUERS": forge.issuer,
            "JWT_AUDIENCES": AUDIENCE,
            "JWT_ALGORITHMS": "ES256",
            "JWT_TYPES": "JWT",
            "JWT_KEY_URLS": "",
            "JWT_PINNED_KEYS": json.dumps({"keys": [ec_jwk(ec_key("ec"), kid="ec")]}),
        }
    )
    assert settings
    end = forge.now + 3600
    token = forge.es256({"exp": end})
    ana = Caller(user_id(forge.issuer, "ana"), NOON + 60, "c1=")
    backend.connections.add(
        Connection(ana.user_id, "c1=", "example.test", "prod", START, ana.expires_at)
    )
    worker = Worker(
        MemoryConversationStore(),
        backend.clock,
        connections=backend.connections,
        tokens=Tokens(lambda: composition.verifier(settings)),
    )
    for said, code in ((token[:-4] + "AAAA", "token_refused"), (token, None)):
        answer = worker.chat.handle(ana, json.dumps({"action": "renew", "token": said}))
        assert answer.to_caller[0].get("code") == code
    assert backend.connections.authorized_until(ana.user_id, "c1=") == end


def test_where_no_issuer_is_known_every_token_is_refused() -> None:
    with pytest.raises(TokenRefused):
        Tokens(lambda: None)("good")
