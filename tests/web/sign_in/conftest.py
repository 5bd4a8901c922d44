"""A page on which one may sign in, and a provider of the tests' own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.web.fake_backend import Frame
from tests.web.fake_provider import FakeProvider
from tests.web.fake_server import FakeServer
from tests.web.page_model import Parley
from tests.web.sign_in.signing_in import sign_in


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        yield provider


@pytest.fixture
def guests() -> bool:
    """Whether guests are let in."""
    return True


@pytest.fixture(autouse=True)
def config(server: FakeServer, provider: FakeProvider, guests: bool) -> Frame:
    url = f"ws://localhost:{server.port}/socket"
    server.config = {"url": url, "stage": "test", "guests": guests, "signIn": provider.settings}
    return server.config


@pytest.fixture
def parley(page: Page) -> Parley:
    """A guest, who may sign in."""
    return Parley(page).connected()


@pytest.fixture
def ana(parley: Parley) -> Parley:
    """Someone who is signed in."""
    return sign_in(parley)


@pytest.fixture(autouse=True)
def nothing_goes_wrong_unseen(faults: list[str]) -> Iterator[None]:
    """No exception and no violation of the Content-Security-Policy in any test."""
    yield
    # The browser itself reports a refused handshake and an answer that is an error.
    usual = ("WebSocket connection to", "Failed to load resource")
    assert [fault for fault in faults if not any(text in fault for text in usual)] == []
