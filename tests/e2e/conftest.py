"""Running products for all tests that do not stop them, an OpenID provider, and visitors."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.product import ECHO, Product
from tests.e2e.visitor import PATIENCE_MS, Visitor
from tests.support import openid
from tests.support.browser import chromium


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("product"), ECHO)
    running.start()
    yield running
    assert running.stop() == 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Search for secrets when all the others have left theirs."""
    items.sort(key=lambda item: item.path.name == "test_no_secret.py")


@pytest.fixture(scope="session")
def signing_in(
    running_provider: openid.Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Product]:
    """A product whose users sign in at the provider, on the page and in an app."""
    page, app = running_provider.page, running_provider.app.client_id
    running = Product(
        tmp_path_factory.mktemp("signing-in"),
        [
            *ECHO,
            "GuestAccess=enabled",
            f"JwtIssuers={running_provider.issuer}",
            f"JwtAudiences={openid.AUDIENCE},{page},{app}",
            f"SignInClientId={page}",
            "SignInScope=openid profile",
            f"SignInParameters=resource={openid.RESOURCE}",
        ],
    )
    running.start()
    running_provider.change(redirectUris=[f"{running.url}/"])
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def running_provider() -> Iterator[openid.Provider]:
    with openid.provider() as running:
        yield running


@pytest.fixture
def provider(running_provider: openid.Provider) -> openid.Provider:
    """The provider, with tokens that last."""
    running_provider.change(algorithm="RS256", seconds=3600)
    return running_provider


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def visitors(browser: Browser) -> Iterator[list[Visitor]]:
    """Whoever is in here leaves at the end; nothing may have gone wrong on their pages."""
    expect.set_options(timeout=PATIENCE_MS)
    there: list[Visitor] = []
    yield there
    for visitor in there:
        visitor.context.close()
        assert visitor.problems == []


@pytest.fixture
def visitor(browser: Browser, signing_in: Product, visitors: list[Visitor]) -> Visitor:
    """A person who has not opened the page yet."""
    visitors.append(Visitor(browser, signing_in))
    return visitors[-1]


@pytest.fixture
def another(browser: Browser, signing_in: Product, visitors: list[Visitor]) -> Visitor:
    """Another person, with a browser of their own."""
    visitors.append(Visitor(browser, signing_in))
    return visitors[-1]
