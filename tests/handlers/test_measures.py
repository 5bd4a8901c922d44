"""What is measured: only what the one table names, and rates where an alarm is on them."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.metrics import Metrics

from auth.door import Door
from auth.guests import guest
from auth.principal import Refused, RefusedExpired, RefusedOrigin, RefusedUnchecked
from bot.errors import StoreUnavailable
from bot.models import Message, Reply, Snapshot
from handlers import authorizer, message
from handlers.observing.measures import UNITS, measure
from handlers.setup.apps import AuthorizerApp
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support import events
from tests.support.adopting import EVA
from tests.support.backend import Backend
from tests.support.bots import Scripted
from tests.support.turns import ANA

SRC = Path(__file__).parents[2] / "src"
HELLO = {"action": "message", "messageId": "m1", "text": "hello"}
Output = pytest.CaptureFixture[str]


def measured(output: Output) -> dict[str, float]:
    """What was measured since this was last asked, added up."""
    found: dict[str, float] = {}
    for line in output.readouterr().out.splitlines():
        if '"_aws"' in line:
            said = json.loads(line)
            (about,) = said["_aws"]["CloudWatchMetrics"]
            assert about["Dimensions"] == [["service"]], "each dimension multiplies what it costs"
            for metric in about["Metrics"]:
                found[metric["Name"]] = found.get(metric["Name"], 0) + said[metric["Name"]][0]
    return found


def constants(path: Path) -> set[str]:
    """The texts in a file of code."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_nothing_is_measured_but_through_the_table() -> None:
    named = [path.name for path in SRC.rglob("*.py") if "add_metric" in path.read_text()]
    assert named == ["measures.py"]


def test_the_table_names_nothing_that_nobody_measures() -> None:
    files = [path for path in (SRC / "handlers").rglob("*.py") if path.name != "measures.py"]
    assert set(UNITS) - set[str]().union(*map(constants, files)) == set()


def test_what_the_table_does_not_name_is_no_measure() -> None:
    with pytest.raises(KeyError):
        measure(Metrics(namespace="Parley", service="parley"), {"Nonsense": 1})


def refusing(error: Exception) -> Door:
    """A door that says no in one way."""

    class Refusing(Door):
        def admit(self, handshake: Any) -> Any:
            raise error

    return Refusing(guests=True)


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (Refused("signature wrong"), {"Refused": 1}),
        (RefusedExpired("x"), {"Refused": 1, "RefusedExpired": 1}),
        (RefusedOrigin("x"), {"Refused": 1, "RefusedOrigin": 1}),
        (RefusedUnchecked("x"), {"Refused": 1, "RefusedUnchecked": 1}),
        (ZeroDivisionError(), {"Refused": 1, "RefusedInError": 1}),
    ],
    ids=repr,
)
def test_refusals_are_counted_by_their_kind(
    backend: Backend, capsys: Output, error: Exception, counted: dict[str, float]
) -> None:
    app = AuthorizerApp(
        refusing(error), backend.connection_app.logger, backend.functions[0].metrics
    )
    authorizer.answer(app, events.authorizer())
    assert measured(capsys) == counted


def test_a_handshake_that_the_table_does_not_answer_is_counted(capsys: Output) -> None:
    class Down(MemoryConnectionStore):
        def add(self, connection: Any) -> None:
            raise StoreUnavailable("down")

    Backend(connections=Down()).connect(ANA, "c1=")
    assert measured(capsys) == {"ConnectsFailed": 1}
    Backend().connect(ANA, "c1=")
    assert measured(capsys) == {"Connected": 1, "ConnectsFailed": 0}


def breaking(snapshot: Snapshot, message: Message) -> Reply:
    raise ZeroDivisionError


class Down(MemoryConversationStore):
    """A table that does not answer."""

    def newest(self, key: Any, limit: int) -> Any:
        raise StoreUnavailable("down")


@pytest.mark.parametrize(
    ("build", "body", "failed"),
    [
        (Backend, HELLO, 0),
        (Backend, "{", 0),
        (lambda: Backend(conversations=Down()), HELLO, 1),
        (lambda: Backend(bot=Scripted(breaking)), HELLO, 1),
    ],
    ids=["all is well", "the client's error", "the table is down", "the bot raises"],
)
def test_every_frame_says_whether_it_failed_and_the_clients_errors_do_not_count(
    capsys: Output, build: Callable[[], Backend], body: Any, failed: int
) -> None:
    build().send(ANA, "c1=", body)
    counted = measured(capsys)
    assert (counted["Frames"], counted["FramesFailed"]) == (1, failed)
    assert counted["SendsFailed"] == 0, "given where there is none, so that an average is a rate"


def test_a_turn_is_timed_from_api_gateways_word_to_the_answer(
    backend: Backend, capsys: Output
) -> None:
    backend.clock.advance(seconds=2)
    backend.send(ANA, "c1=", HELLO)
    assert measured(capsys)["TurnTime"] == 2_000
    backend.send(ANA, "c1=", HELLO)
    assert "TurnTime" not in measured(capsys), "a resend makes no turn"


def test_a_request_that_names_no_time_is_answered_and_not_timed(
    backend: Backend, capsys: Output
) -> None:
    event = events.message(HELLO, "c1=", ANA)
    del event["requestContext"]["requestTimeEpoch"]
    message.answer(backend.functions[0], event)
    assert [frame["type"] for frame in backend.got("c1=")] == ["turn"]
    assert "TurnTime" not in measured(capsys)


def test_clocks_that_differ_make_no_time_negative(backend: Backend, capsys: Output) -> None:
    backend.clock.advance(seconds=-2)
    backend.send(ANA, "c1=", HELLO)
    assert measured(capsys)["TurnTime"] == 0


def test_forks_adoptions_and_deletions_are_counted(backend: Backend, capsys: Output) -> None:
    backend.send(guest(events.GUEST).user_id, "g=", HELLO)
    measured(capsys)
    backend.send(EVA, "c1=", {"action": "adopt", "guestId": events.GUEST})
    assert measured(capsys)["ConversationsAdopted"] == 1
    backend.send(EVA, "c1=", HELLO)
    fork = {"conversationId": "other", "forkOf": "main", "forkAt": 1}
    for body, count in (({"action": "fork", **fork}, 1), ({"action": "fork", **fork}, None)):
        measured(capsys)
        backend.send(EVA, "c1=", body)
        assert measured(capsys).get("Forks") == count
    again = {**HELLO, "messageId": "m2", "conversationId": "third", "forkOf": "main", "forkAt": 1}
    backend.send(EVA, "c1=", again)
    counted = measured(capsys)
    assert (counted["Forks"], counted["Turns"]) == (1, 1)
    backend.send(EVA, "c1=", {"action": "delete", "conversationId": "third"})
    assert measured(capsys)["ConversationsDeleted"] == 1
