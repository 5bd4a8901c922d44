"""The stores under contract, and a user no other test has."""

from collections.abc import Iterator
from random import Random
from uuid import uuid4

import pytest

from bot.limits import MAX_REPLY_CHARACTERS
from bot.models import ConversationKey
from bot.ports import ConnectionStore, ConversationStore
from tests.support import adapters


@pytest.fixture(params=adapters.ADAPTERS)
def conversations(request: pytest.FixtureRequest) -> Iterator[ConversationStore]:
    """Each adapter of ConversationStore in turn."""
    with adapters.conversation_store(request.param) as store:
        yield store


@pytest.fixture(params=adapters.ADAPTERS)
def connections(request: pytest.FixtureRequest) -> Iterator[ConnectionStore]:
    """Each adapter of ConnectionStore in turn."""
    with adapters.connection_store(request.param) as store:
        yield store


@pytest.fixture
def user() -> str:
    """A user of this test alone."""
    return f"guest:{uuid4().hex}{uuid4().hex}"


@pytest.fixture
def key(user: str) -> ConversationKey:
    """A conversation of this test alone."""
    return ConversationKey(user, "main")


@pytest.fixture(scope="session")
def incompressible() -> str:
    """The longest reply, of characters that no compression shortens much: some 180 KB."""
    source = Random(7)
    return "".join(chr(source.randrange(0x10000, 0x1FFFF)) for _ in range(MAX_REPLY_CHARACTERS))
