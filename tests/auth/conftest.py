"""A provider of keys on this machine."""

from collections.abc import Iterator

import pytest

from tests.support.key_server import KeyServer


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    running = KeyServer()
    yield running
    running.stop()
