"""A store and a clock that a test's workers share."""

import pytest

from store.memory.conversations import MemoryConversationStore
from tests.support.clock import FakeClock


@pytest.fixture
def store() -> MemoryConversationStore:
    """One store, shared by all of a test's workers."""
    return MemoryConversationStore()


@pytest.fixture
def clock() -> FakeClock:
    """One clock."""
    return FakeClock()
