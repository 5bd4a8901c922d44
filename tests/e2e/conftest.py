"""One running product for all tests that do not stop it."""

from collections.abc import Iterator

import pytest

from tests.e2e.product import ECHO, Product


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("product"), ECHO)
    running.start()
    yield running
    assert running.stop() == 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Search for secrets when all the others have left theirs."""
    items.sort(key=lambda item: item.path.name == "test_no_secret.py")
