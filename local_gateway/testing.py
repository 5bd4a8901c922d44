"""The gateway as a child process, for the tests of everything that stands on it."""

import contextlib
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from local_gateway.settings import PROJECT

START_SECONDS = 120.0
STOP_SECONDS = 60.0

# Below those that systems hand out: while a server is being started, or started again, nobody who
# asks for any port, be it for their own end of a connection, is given its.
PORTS = range(20_000, 32_000)

_kept: list[socket.socket] = []


def free_port() -> int:
    """A loopback port for a server to come, kept from all others who ask for one here.

    It is kept until this process ends, so that a server may be started there again.
    """
    # Not the generator that all share: tests seed it, and several runs would choose alike.
    for port in random.SystemRandom().sample(PORTS, 100):
        place = socket.socket()
        try:
            place.bind(("127.0.0.1", port))
        except OSError:
            place.close()
            continue
        # Now that nobody else has it: a server that allows this too, as they do, may listen there.
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _kept.append(place)
        return port
    raise RuntimeError("no free port")


class GatewayProcess:
    """``python -m local_gateway`` with a DATA_DIR of its own, on a free port that it keeps."""

    def __init__(
        self,
        data_dir: Path,
        arguments: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self._arguments = list(arguments)
        self._environ = {**os.environ, **(environ or {})}
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.said: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def socket_url(self) -> str:
        """The WebSocket's address, as /config.json tells it."""
        with urllib.request.urlopen(f"{self.url}/config.json") as response:
            return str(json.load(response)["url"])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> "GatewayProcess":
        """Start and wait until everything is ready; raise RuntimeError with what it said if not."""
        self._launch()
        while (line := self._lines.get(timeout=START_SECONDS)) is not None:
            self.said.append(line)
            if line.startswith("http://localhost:"):
                self.port = int(line.rstrip("/").rpartition(":")[2])
                return self
        code = self.wait()
        raise RuntimeError(f"exit code {code}: " + " / ".join(self.said))

    def run(self) -> int:
        """Start and wait for the end, for a start that must fail; return the exit code."""
        self._launch()
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.stop()
            raise

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop, by default as Ctrl-C does; return the exit code."""
        if self._process is not None and self.alive:
            self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; return the exit code."""
        assert self._process is not None
        code = self._process.wait(timeout=STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        while not self._lines.empty():
            line = self._lines.get()
            if line is not None:
                self.said.append(line)
        return code

    def _launch(self) -> None:
        # Python writes its own output unbuffered, so that a test sees each line as it comes.
        environ = {**self._environ, "DATA_DIR": str(self.data_dir), "PYTHONUNBUFFERED": "1"}
        self.port = self.port or free_port()
        environ["PORT"] = str(self.port)
        self.said = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local_gateway", *self._arguments],
            cwd=PROJECT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        process, lines = self._process, self._lines
        assert process is not None
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line.rstrip("\n"))
        lines.put(None)


@contextlib.contextmanager
def running_gateway(
    data_dir: Path,
    arguments: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Iterator[GatewayProcess]:
    """Run the gateway for as long as the block lasts."""
    gateway = GatewayProcess(data_dir, arguments, environ)
    try:
        yield gateway.start()
    finally:
        gateway.stop()
