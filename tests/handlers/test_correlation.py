"""One id for one request: every line of every function carries it, and its client is shown it."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from auth.door import Door
from handlers import authorizer, connect, disconnect, message
from handlers.setup import composition
from handlers.setup.apps import AuthorizerApp
from handlers.setup.settings import MessageSettings
from store.memory.conversations import MemoryConversationStore
from tests.support import events
from tests.support.backend import Backend
from tests.support.turns import ANA

REQUEST = "Qx7rKe1IAMFUnA="


class Broken(MemoryConversationStore):
    """A store with a bug in it."""

    def newest(self, key: Any, limit: int) -> Any:
        raise ZeroDivisionError


def of_request(event: dict[str, Any], request: str = REQUEST) -> dict[str, Any]:
    """The same event, of that request."""
    event["requestContext"]["requestId"] = request
    return event


def ask(backend: Backend, body: Any, request: str = REQUEST) -> dict[str, Any]:
    """What a frame is answered with, in one frame."""
    message.answer(backend.functions[0], of_request(events.message(body, "c1=", ANA), request))
    (frame,) = backend.got("c1=")
    return frame


def knock(backend: Backend) -> object:
    app = AuthorizerApp(
        Door(guests=True), backend.connection_app.logger, backend.functions[0].metrics
    )
    return authorizer.answer(app, of_request(events.authorizer()))


def opened(backend: Backend) -> object:
    return connect.answer(backend.connection_app, of_request(events.connect("c1=", ANA)))


def closed(backend: Backend) -> object:
    return disconnect.answer(backend.connection_app, of_request(events.disconnect("c1=", ANA)))


def failing(backend: Backend) -> object:
    broken = backend.new_function(conversations=Broken())
    event = events.message({"action": "message", "messageId": "m", "text": "x"}, "c1=", ANA)
    return message.answer(broken, of_request(event))


FUNCTIONS: dict[str, Callable[[Backend], object]] = {
    "authorizer": knock,
    "connect": opened,
    "disconnect": closed,
    "message": lambda backend: ask(backend, {"action": "ping"}),
    "message, broken": failing,
}


@pytest.mark.parametrize("invoke", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_every_line_carries_api_gateways_id_of_the_request(
    invoke: Callable[[Backend], object], backend: Backend, logged: io.StringIO
) -> None:
    backend.connection_app.logger.set_correlation_id("of the one before")
    invoke(backend)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert lines
    assert {line["correlation_id"] for line in lines} == {REQUEST}


@pytest.mark.parametrize("body", ["{", {"action": "nonsense"}, {"action": "rename", "title": "x"}])
def test_an_error_says_by_which_id_the_logs_know_of_it(backend: Backend, body: Any) -> None:
    error = ask(backend, body)
    assert (error["type"], error["correlationId"]) == ("error", REQUEST)


def test_what_is_no_error_says_no_such_id(backend: Backend) -> None:
    assert "correlationId" not in ask(backend, {"action": "ping"})


def test_a_request_without_an_id_is_answered_all_the_same(backend: Backend) -> None:
    event = events.message("{", "c1=", ANA)
    del event["requestContext"]["requestId"]
    message.answer(backend.functions[0], event)
    (error,) = backend.got("c1=")
    assert "correlationId" not in error


SETTINGS = MessageSettings(
    connections_table="connections",
    sessions_table="sessions",
    connections_endpoint="https://api.example/prod",
    bot_class="bots.echo:Echo",
    retention=timedelta(days=365),
    turns_per_minute=60,
    turn_burst=1_000,
    reply_function="reply",
    tokens=None,
)


def test_an_order_takes_along_the_id_of_the_request_that_is_being_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Callable[[], str | None]] = []

    def starter(client: Any, function: str, correlation_id: Callable[[], str | None]) -> object:
        asked.append(correlation_id)
        return object()

    monkeypatch.setattr("delivery.starting.LambdaReplyStarter", starter)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    app = composition.message(SETTINGS)
    for request in (REQUEST, "the next"):
        app.logger.set_correlation_id(request)
        assert [each() for each in asked] == [request]
