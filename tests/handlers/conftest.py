"""A backend whose functions run in this process, and all that they log."""

import io
import logging
from collections.abc import Iterator

import pytest

from tests.support.backend import Backend


@pytest.fixture
def backend() -> Backend:
    """Functions on memory."""
    return Backend()


@pytest.fixture
def logged(backend: Backend) -> Iterator[io.StringIO]:
    """What the functions' loggers write."""
    written = io.StringIO()
    logger = logging.getLogger(backend.connection_app.logger.name)
    handlers = [each for each in logger.handlers if isinstance(each, logging.StreamHandler)]
    assert handlers, "Powertools writes by a stream handler"
    before = [handler.setStream(written) for handler in handlers]
    yield written
    for handler, stream in zip(handlers, before, strict=True):
        handler.setStream(stream or written)
