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
