"""The packages that `sam build` makes, built once a test run, and what their functions reach."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import build_package
from tests.package.building import build, copy_project
from tests.package.emulator import install_runtime
from tests.package.functions import Functions
from tests.support import engine


@pytest.fixture(scope="session")
def python() -> str:
    """The Python that the functions run on; without it their packages can't be built."""
    try:
        return build_package.interpreter()
    except SystemExit as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def packages(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package of each function, built from a folder with a space in its name."""
    project = copy_project(tmp_path_factory.mktemp("a project"))
    return build(project)


class ConnectionsApi(ThreadingHTTPServer):
    """An @connections API that keeps what is posted, as (connection id, frame)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _ConnectionsRequest)
        self.posts: list[tuple[str, dict[str, Any]]] = []


class _ConnectionsRequest(BaseHTTPRequestHandler):
    server: ConnectionsApi

    def do_POST(self) -> None:
        frame = self.rfile.read(int(self.headers["Content-Length"]))
        connection_id = unquote(self.path.rpartition("/")[2])
        self.server.posts.append((connection_id, json.loads(frame)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def connections_api() -> Iterator[ConnectionsApi]:
    """The management API that the functions post to."""
    with ConnectionsApi() as api:
        threading.Thread(target=api.serve_forever).start()
        yield api
        api.shutdown()


@pytest.fixture
def functions(python: str, packages: Path, connections_api: ConnectionsApi) -> Functions:
    """The built functions, with the embedded engine as their AWS."""
    return Functions(
        python=python,
        runtime=install_runtime(build_package.PYTHON),
        packages=packages,
        aws={
            # Lambda sets both; botocore reads the second.
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL_DYNAMODB": engine.running().url,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": (
                f"http://127.0.0.1:{connections_api.server_port}/prod"
            ),
        },
    )
