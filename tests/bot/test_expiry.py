"""Until when a connection may be used, and what makes that later."""

from math import inf
from typing import Any

import pytest

from bot.chat import Answer
from bot.errors import TokenRefused
from bot.models import Caller, Connection
from bot.wire.answers import Frame
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import START, FakeClock
from tests.support.issuer import EVE, UMA, Issuer
from tests.support.turns import ANA
from tests.support.workers import Worker

NOON = START.timestamp()
PING = '{"action":"ping"}'
ANYTHING = [PING, "", "{", "[]", '{"action":"nonsense"}', '{"action":"message"}']


class Counted(MemoryConnectionStore):
    """Counts what is asked of connections' rows."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.renewed: list[str] = []

    def authorized_until(self, user_id: str, connection_id: str) -> float:
        self.read.append(connection_id)
        return super().authorized_until(user_id, connection_id)

    def renew(self, user_id: str, connection_id: str, until: float) -> float:
        self.renewed.append(connection_id)
        return super().renew(user_id, connection_id, until)


class Functions:
    """Warm functions on the same rows; `token` is what an issuer gives."""

    def __init__(self) -> None:
        self.clock, self.connections, self.issuer = FakeClock(), Counted(), Issuer()
        self.workers = [self.worker() for _ in range(2)]

    def worker(self) -> Worker:
        def tokens(token: str) -> Caller:
            user_id, until = self.issuer.given.get(token, ("", 0))
            if until <= self.clock().timestamp():
                raise TokenRefused("expired")
            return Caller(user_id, until)

        return Worker(
            MemoryConversationStore(), self.clock, connections=self.connections, tokens=tokens
        )

    def connect(self, user: str, connection: str, until: float | None) -> Caller:
        """A row; what the authorizer says of the connection from then on."""
        end = None if until is None else NOON + until
        self.connections.add(Connection(user, connection, "example.test", "prod", START, end))
        return Caller(user, end, connection)

    def handle(self, caller: Caller, body: str = PING, function: int = 0) -> Answer:
        return self.workers[function].chat.handle(caller, body)

    def renew(self, caller: Caller, until: float, user: str = EVE, function: int = 0) -> Frame:
        """Send a fresh token; the one frame that answers."""
        token = self.issuer.token(user, NOON + until)
        answer = self.handle(caller, f'{{"action":"renew","token":"{token}"}}', function)
        (frame,) = answer.to_caller
        assert not answer.to_user
        return frame


@pytest.fixture
def functions() -> Functions:
    return Functions()


def code(answer: Answer) -> str:
    """The error that a frame is answered with; the answer's type where it is none."""
    (frame,) = answer.to_caller
    return str(frame.get("code", frame["type"]))


def test_a_fresh_token_is_answered_with_the_new_end(functions: Functions) -> None:
    caller = functions.connect(EVE, "c1=", 60)
    assert functions.renew(caller, 3600) == {
        "type": "renewed",
        "expiresAt": "2026-03-01T13:00:00.000Z",
    }


@pytest.mark.parametrize("function", [0, 1], ids=["that function", "another function"])
def test_a_renewed_connection_goes_on_past_its_first_end(
    functions: Functions, function: int
) -> None:
    caller = functions.connect(EVE, "c1=", 60)
    functions.renew(caller, 3600)
    functions.clock.advance(seconds=60)
    assert code(functions.handle(caller, function=function)) == "pong"
    functions.clock.advance(seconds=3539)
    assert code(functions.handle(caller, function=function)) == "pong"
    functions.clock.advance(seconds=1)
    answer = functions.handle(caller, function=function)
    assert (code(answer), answer.close) == ("token_expired", True)


def test_only_the_first_frame_after_the_end_costs_a_read(functions: Functions) -> None:
    """Invariant I7: what a frame costs does not grow once a connection has been renewed."""
    caller = functions.connect(EVE, "c1=", 60)
    for _ in range(3):
        functions.handle(caller)
    assert functions.connections.read == []
    functions.renew(caller, 3600)
    functions.clock.advance(seconds=61)
    for _ in range(5):
        functions.handle(caller)
    assert functions.connections.read == [], "the function that renewed it knows"
    for _ in range(5):
        functions.handle(caller, function=1)
    assert functions.connections.read == ["c1="]
    guest = functions.connect(ANA, "c2=", None)
    functions.handle(guest)
    assert functions.connections.read == ["c1="], "a guest's word never runs out"


def test_renewed_again_elsewhere_it_is_read_again_before_it_is_refused(
    functions: Functions,
) -> None:
    caller = functions.connect(EVE, "c1=", 60)
    functions.renew(caller, 120, function=0)
    functions.clock.advance(seconds=100)
    functions.renew(caller, 180, function=1)
    functions.clock.advance(seconds=50)
    assert code(functions.handle(caller, function=0)) == "pong"
    assert functions.connections.read == ["c1=", "c1="]


@pytest.mark.parametrize("body", ANYTHING)
@pytest.mark.parametrize("late", [0, 1, 3600])
def test_whatever_an_expired_connection_sends_is_refused_and_closed(
    functions: Functions, body: str, late: int
) -> None:
    caller = functions.connect(EVE, "c1=", 60)
    functions.clock.advance(seconds=60 + late)
    answer = functions.handle(caller, body)
    assert (code(answer), answer.close) == ("token_expired", True)
    assert len(answer.to_caller) == 1


def test_after_its_end_a_connection_is_not_renewed_even_by_a_fresh_token(
    functions: Functions,
) -> None:
    caller = functions.connect(EVE, "c1=", 60)
    functions.clock.advance(seconds=60)
    assert functions.renew(caller, 3600)["code"] == "token_expired"
    assert functions.connections.renewed == []
    assert code(functions.handle(caller)) == "token_expired"


@pytest.mark.parametrize(
    ("owner", "end", "token_of", "until"),
    [
        (EVE, 60, UMA, 3600),
        (EVE, 60, ANA, 3600),
        (EVE, 60, EVE + "x", 3600),
        (EVE, 60, EVE.upper(), 3600),
        (EVE, 60, EVE[:-1], 3600),
        (EVE, 60, EVE, 0),
        (EVE, 60, EVE, -60),
        (ANA, None, EVE, 3600),
        (ANA, None, ANA, 3600),
    ],
)
def test_a_token_that_does_not_fit_changes_nothing(
    functions: Functions, owner: str, end: float | None, token_of: str, until: float
) -> None:
    caller = functions.connect(owner, "c1=", end)
    before = functions.connections.active(owner)
    frame = functions.renew(caller, until, token_of)
    assert (frame["code"], frame["retryable"]) == ("token_refused", False)
    assert functions.connections.active(owner) == before
    assert functions.connections.renewed == []
    assert code(functions.handle(caller)) == "pong", "it goes on with what it had"


def test_of_two_ends_the_later_counts_in_any_order(functions: Functions) -> None:
    caller = functions.connect(EVE, "c1=", 60)
    told = [
        functions.renew(caller, until, function=function)["expiresAt"][14:19]
        for function, until in ((0, 30), (0, 120), (1, 90), (1, 180), (0, 150), (0, 180))
    ]
    assert told == ["01:00", "02:00", "02:00", "03:00", "03:00", "03:00"]
    assert functions.connections.authorized_until(EVE, "c1=") == NOON + 180


def test_a_renewal_costs_one_write_and_no_read(functions: Functions) -> None:
    caller = functions.connect(EVE, "c1=", 60)
    first = functions.renew(caller, 3600)
    assert functions.renew(caller, 3600, function=1) == first
    assert (functions.connections.renewed, functions.connections.read) == (["c1=", "c1="], [])


@pytest.mark.parametrize("state", ["absent", "inactive"])
def test_without_an_active_row_there_is_nothing_to_renew(functions: Functions, state: str) -> None:
    caller = Caller(EVE, NOON + 60, "c1=")
    if state == "inactive":
        functions.connect(EVE, "c1=", 60)
        functions.connections.deactivate(EVE, "c1=", START)
    assert functions.renew(caller, 3600)["code"] == "token_refused"
    assert functions.connections.active(EVE) == ()
    assert code(functions.handle(caller)) == "pong"
    functions.clock.advance(seconds=60)
    assert code(functions.handle(caller)) == "token_expired"


def test_one_connection_is_not_renewed_by_another(functions: Functions) -> None:
    phone, laptop = functions.connect(EVE, "c1=", 60), functions.connect(EVE, "c2=", 90)
    functions.renew(phone, 3600)
    functions.clock.advance(seconds=90)
    assert code(functions.handle(phone)) == "pong"
    assert code(functions.handle(laptop)) == "token_expired"


def test_the_memory_of_ends_is_bounded_and_may_be_lost(functions: Functions) -> None:
    callers = [functions.connect(EVE, f"c{number}=", 60) for number in range(5)]
    expiry = functions.workers[0].chat.expiry
    expiry._capacity = 3
    for caller in callers:
        functions.renew(caller, 3600)
    functions.clock.advance(seconds=61)
    for caller in callers:
        assert code(functions.handle(caller)) == "pong"
    assert len(expiry._known) == 3
    assert set(functions.connections.read) <= {caller.connection_id for caller in callers}


@pytest.mark.parametrize("word", [0, NOON - 1, -1.0])
def test_the_row_decides_where_the_authorizers_word_has_run_out_or_is_missing(
    functions: Functions, word: float
) -> None:
    functions.connect(EVE, "c1=", 60)
    caller = Caller(EVE, word, "c1=")
    assert code(functions.handle(caller)) == "pong"
    functions.clock.advance(seconds=60)
    assert code(functions.handle(caller)) == "token_expired"


def test_a_row_that_names_no_end_helps_only_where_there_is_no_word(functions: Functions) -> None:
    functions.connect(ANA, "c1=", None)
    assert functions.connections.authorized_until(ANA, "c1=") == inf
    cases: list[tuple[Any, str]] = [(None, "pong"), (0, "pong"), (NOON - 1, "token_expired")]
    for word, answered in cases:
        assert code(functions.handle(Caller(ANA, word, "c1="))) == answered
    assert functions.renew(Caller(ANA, 0, "c1="), 3600, ANA)["code"] == "token_refused"
