"""Tables on the embedded engine, and a client whose requests can be made to fail."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.conversations import DynamoConversationStore
from store.dynamo.table import Table
from tests.e2e.product import ECHO, Product
from tests.support import engine
from tests.support.backend import Backend
from tests.support.hooks import Hook, retry_at_once


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of this test alone: botocore retries a client's requests on a budget."""
    retry_at_once(monkeypatch)
    return engine.running().client("dynamodb")


@pytest.fixture
def hook(client: Any) -> Hook:
    """What stands between the functions and the engine."""
    return Hook(client)


@pytest.fixture
def backend(client: Any) -> Backend:
    """Functions on the embedded engine's tables."""
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


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole of it, for those who come over a socket."""
    running = Product(tmp_path_factory.mktemp("faults"), ECHO)
    running.start()
    yield running
    assert running.stop() == 0
