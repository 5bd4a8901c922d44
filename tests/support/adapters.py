"""Every adapter of the two stores, so that one contract is held against them all."""

from collections.abc import Iterator
from contextlib import contextmanager

from moto import mock_aws

from bot.ports import ConnectionStore, ConversationStore
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.conversations import DynamoConversationStore
from store.dynamo.table import Table
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support import engine
from tests.support.template import create_tables

ADAPTERS = ("memory", "moto", "engine")
ATOMIC = ("memory", "engine")
"""moto checks a condition and writes in two steps: between them another thread may write."""


@contextmanager
def table(adapter: str, name: str) -> Iterator[Table]:
    """One of the template's tables on an engine: empty on moto, shared on the embedded engine."""
    if adapter == "engine":
        yield Table(engine.running().dynamodb, name)
        return
    with mock_aws():
        client = engine.new_client("dynamodb")
        create_tables(client)
        yield Table(client, name)


@contextmanager
def conversation_store(adapter: str) -> Iterator[ConversationStore]:
    """A ConversationStore by the adapter's name."""
    if adapter == "memory":
        yield MemoryConversationStore()
        return
    with table(adapter, "SessionsTable") as sessions:
        yield DynamoConversationStore(sessions)


@contextmanager
def connection_store(adapter: str) -> Iterator[ConnectionStore]:
    """A ConnectionStore by the adapter's name."""
    if adapter == "memory":
        yield MemoryConnectionStore()
        return
    with table(adapter, "ConnectionsTable") as connections:
        yield DynamoConnectionStore(connections)
