"""Running products for all tests that do not stop them, an OpenID provider, and visitors."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.product import ECHO, Product
from tests.e2e.visitor import Visitor
from tests.support import openid
from tests.support.browser import chromium
from tests.support.credentials import all_that_is_kept, leaks


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("product"), ECHO)
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session", autouse=True)
def nothing_keeps_a_secret() -> Iterator[None]:
    """Search all that this process's products have left, when the last of them has ended.

    What a session sets up first ends last. Of the processes that share out a run's tests, each
    has products and credentials of its own.
    """
    yield
    assert leaks(dict(all_that_is_kept())) == [], "a token or a guest's id was kept"


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
