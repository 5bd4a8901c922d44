"""The embedded AWS, started once a test run on a free loopback port."""

import atexit
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from local_gateway.testing import free_port
from tests.support.template import create_tables

CREDENTIALS: dict[str, Any] = {
    "region_name": "us-east-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}


@cache
def _session() -> botocore.session.Session:
    # One for all: it is the service models, read once a session, that make a client slow to build.
    return botocore.session.get_session()


def new_client(service: str, endpoint_url: str | None = None, **config: Any) -> Any:
    """A client that retries as the functions' own does, unless told otherwise."""
    retries = {"mode": "standard", "total_max_attempts": 4}
    return _session().create_client(
        service,
        endpoint_url=endpoint_url,
        config=Config(**{"retries": retries, "max_pool_connections": 64, **config}),
        **CREDENTIALS,
    )


class Engine:
    """A running MiniStack, with the template's tables in it."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._state = tempfile.TemporaryDirectory(prefix="parley-engine-")
        log = (Path(self._state.name) / "log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env={
                **os.environ,
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "SERVICES": "dynamodb,cognito-idp",
                "PERSIST_STATE": "0",
                "STATE_DIR": self._state.name,
                "IOT_MTLS_ENABLED": "0",
            },
            stdout=log,
            stderr=log,
        )
        log.close()
        atexit.register(self.stop)
        self._until_ready()
        create_tables(self.dynamodb)

    def client(self, service: str, **config: Any) -> Any:
        """A client of it."""
        return new_client(service, endpoint_url=self.url, **config)

    @cached_property
    def dynamodb(self) -> Any:
        """The client that all tests share which do not meddle with it."""
        return self.client("dynamodb")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._state.cleanup()

    def _until_ready(self) -> None:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/ready", timeout=5):
                    return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError((Path(self._state.name) / "log").read_text())


@cache
def running() -> Engine:
    """The engine of this test run."""
    return Engine()
