"""One running product for all tests that do not stop it, and one OpenID provider."""

from collections.abc import Iterator

import pytest

from tests.e2e.product import ECHO, Product
from tests.support import openid


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("product"), ECHO)
    running.start()
    yield running
    assert running.stop() == 0


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
