"""One gateway for all tests that need the whole of it, running the fixture application."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_gateway.testing import GatewayProcess, running_gateway

FIXTURE_APP = Path(__file__).with_name("fixture_app")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The fixture application on a gateway of its own."""
    arguments = ["--template", str(FIXTURE_APP / "template.yaml"), "--no-reload"]
    arguments += ["--retry-waits", "0.1,0.2"]
    with running_gateway(tmp_path_factory.mktemp("gateway"), arguments) as running:
        yield running
