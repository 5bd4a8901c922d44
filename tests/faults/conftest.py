"""Tables on the embedded engine, and a client whose requests can be made to fail."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from store.connections import DynamoConnectionStore
from store.conversations import DynamoConversationStore
from store.table import Table
from tests.support import engine
from tests.support.backend import Backend
from tests.support.hooks import Hook


@pytest.fixture(scope="session")
def _client_and_hook() -> tuple[object, Hook]:
    # A client costs a twentieth of a second; its retries wait, which no test needs.
    client = engine.running().client("dynamodb")
    return client, Hook(client)


@pytest.fixture
def hook(_client_and_hook: tuple[object, Hook], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    """What stands between the functions and the engine. botocore's waits between retries pass at
    once."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    hook = _client_and_hook[1]
    hook.forget()
    yield hook
    hook.forget()


@pytest.fixture
def backend(_client_and_hook: tuple[object, Hook], hook: Hook) -> Backend:
    """Functions on the embedded engine's tables."""
    client = _client_and_hook[0]
    return Backend(
        DynamoConversationStore(Table(client, "SessionsTable")),
        DynamoConnectionStore(Table(client, "ConnectionsTable")),
    )


@pytest.fixture
def new_user() -> Callable[[], str]:
    """Users no other test has."""
    return lambda: f"guest:{uuid4().hex}{uuid4().hex}"


@pytest.fixture
def user(new_user: Callable[[], str]) -> str:
    """A user no other test has."""
    return new_user()
