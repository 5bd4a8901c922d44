"""Lambda's own runtime emulator, which SAM CLI ships: runs a built package as Lambda would.

https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import samcli

from local_gateway.testing import free_port
from tests.package.building import ARCHITECTURE, KEPT

RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""What a Lambda runtime has of its own, and the packages have not."""


def install_runtime(python_version: str) -> Path:
    """The folder with Lambda's runtime client for a Python other than this; kept once made."""
    folder = KEPT / f"runtime-{python_version}-{version(RUNTIME[0])}"
    if folder.exists():
        return folder
    unfinished = KEPT / f"runtime.{os.getpid()}"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
            *(f"--python-version={python_version}", "--only-binary=:all:", "--no-compile"),
            *(f"--target={unfinished}", *(f"{name}=={version(name)}" for name in RUNTIME)),
        ],
        check=True,
    )
    return unfinished.rename(folder)


class Emulator:
    """One execution environment of one function. Use as a context manager."""

    def __init__(
        self,
        *,
        python: str,
        runtime: Path,
        package: Path,
        handler: str,
        variables: Mapping[str, str],
    ) -> None:
        self._address = f"127.0.0.1:{free_port()}"
        self._log = package.with_name(f"{package.name}.log")
        binary = Path(samcli.__file__).parent / f"local/rapid/aws-lambda-rie-{ARCHITECTURE}"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(str(binary), "--runtime-api-address", f"127.0.0.1:{free_port()}"),
                    *("--runtime-interface-emulator-address", self._address),
                    *(python, "-m", "awslambdaric", handler),
                ],
                cwd=package,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(runtime),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    # Lambda sets it, the emulator does not.
                    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                    **variables,
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_listening()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # The emulator and the function are one session of ours.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """What the handler returns for `event`; of an error, its type and message."""
        url = f"http://{self._address}/2015-03-31/functions/function/invocations"
        try:
            with urllib.request.urlopen(url, json.dumps(event).encode(), timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as failed:  # the function did not even start
            return json.load(failed)

    @property
    def log(self) -> str:
        """All that the emulator and the function have printed."""
        return self._log.read_text()

    @property
    def init_milliseconds(self) -> float:
        """How long the function took to initialize; REPORT's "Init Duration" is wrong."""
        found = re.search(r"INIT REPORT\(durationMs: ([\d.]+)\)", self.log)
        assert found, self.log
        return float(found[1])

    def _wait_until_listening(self) -> None:
        host, port = self._address.split(":")
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex((host, int(port))) == 0:
                    return
            assert self._process.poll() is None, self.log
            time.sleep(0.05)
        raise AssertionError(f"the emulator did not start: {self.log}")
