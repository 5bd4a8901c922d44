"""The cleaner: a schedule's event in, rows gone, and counts of it."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot.connections.cleaning import Cleaned, Cleaning
from bot.connections.ports import Part
from handlers import cleaner
from handlers.setup.apps import CleanerApp
from store.memory.census import MemoryConnectionCensus
from tests.support.backend import Backend
from tests.support.turns import ANA


class Context:
    """Lambda's context, with so many seconds left."""

    def __init__(self, seconds: float = 240) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        """See Lambda."""
        return int(self._seconds * 1_000)


@pytest.fixture
def census() -> MemoryConnectionCensus:
    return MemoryConnectionCensus()


@pytest.fixture
def backend(census: MemoryConnectionCensus) -> Backend:
    """Functions whose connections the cleaner goes through."""
    return Backend(connections=census)


@pytest.fixture
def app(backend: Backend, census: MemoryConnectionCensus) -> CleanerApp:
    cleaning = Cleaning(census, backend.memory, backend.clock, list[Part].sort)
    metrics = Metrics(namespace="Parley", service="parley")
    return CleanerApp(cleaning, Logger(), metrics, backend.clock)


def test_what_ended_by_a_disconnect_or_without_one_goes_and_what_lives_stays(
    backend: Backend, app: CleanerApp, census: MemoryConnectionCensus
) -> None:
    for name in ("here=", "ended=", "lost="):
        backend.connect(ANA, name)
    backend.send(ANA, "here=", {"action": "message", "messageId": "m1", "text": "t"})
    backend.disconnect(ANA, "ended=")
    backend.memory.gone.add("lost=")
    backend.clock.advance(minutes=31)
    cleaner.answer(app, Context())
    assert [each for _, each in census._rows] == ["here="]
    backend.got("here=")
    backend.ask(ANA, "here=", {"action": "resume"})
    assert [turn["messageId"] for turn in backend.devices["here="].shown] == ["m1"]


def test_a_run_says_in_one_line_what_it_did_and_of_whom_nothing(
    backend: Backend, app: CleanerApp, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a=", "b=", "c="):
        backend.connect(ANA, name)
    backend.memory.gone |= {"a=", "b="}
    backend.clock.advance(minutes=31)
    logged.truncate(0)
    logged.seek(0)
    capsys.readouterr()
    cleaner.answer(app, Context())
    (line,) = logged.getvalue().strip().splitlines()
    said = json.loads(line)
    assert (said["message"], said["reaped"], said["confirmed"]) == ("cleaned", 2, 1)
    assert (said["closed"], said["unclear"], said["finished"]) == (0, 0, True)
    counts: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (counts["ConnectionsReaped"], counts["ConnectionsConfirmed"]) == ([2], [1])
    assert (counts["ConnectionsUnclear"], counts["CleaningsUnfinished"]) == ([0], [0])
    assert ANA not in line
    assert "a=" not in line


@pytest.mark.parametrize(("seconds", "given"), [(240, 210), (60, 30), (10, 5)])
def test_a_run_leaves_time_for_what_is_under_way_and_takes_some(
    backend: Backend, app: CleanerApp, seconds: float, given: float
) -> None:
    asked = []

    class Noting(Cleaning):
        def run(self, until: Any) -> Cleaned:
            asked.append(until - backend.clock())
            return super().run(until)

    cleaning = Noting(MemoryConnectionCensus(), backend.memory, backend.clock, list[Part].sort)
    cleaner.answer(CleanerApp(cleaning, app.logger, app.metrics, app.clock), Context(seconds))
    assert asked == [timedelta(seconds=given)]


def test_every_line_carries_lambdas_id_of_the_invocation(
    app: CleanerApp, logged: io.StringIO
) -> None:
    context: Any = Context()
    context.aws_request_id = "invocation"
    cleaner.answer(app, context)
    (line,) = map(json.loads, logged.getvalue().splitlines())
    assert line["correlation_id"] == "invocation"
