"""A loopback provider of discovery documents and keys, which counts and misbehaves as told."""

import json
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"

Answer = Callable[[BaseHTTPRequestHandler], None]


class KeyServer:
    """Serves issuers by the first part of the path; `answers` replaces that of one path."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.connections = 0
        self.answers: dict[str, Answer] = {}
        self.stopping = Event()
        self._keys: dict[str, object] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                provider.connections += 1
                super().setup()

            def do_GET(self) -> None:
                provider.asked[self.path] += 1
                try:
                    provider.answer_of(self.path)(self)
                except OSError:
                    self.close_connection = True  # the client has gone

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def requests(self) -> int:
        """How many there were."""
        return sum(self.asked.values())

    def issuer(self, name: str, keys: object) -> str:
        """Make an issuer with this key set, or give it another."""
        self._keys[name] = keys
        return f"{self.url}/{name}"

    def answer_of(self, path: str) -> Answer:
        """What it says there."""
        name = path.split("/")[1]
        if path in self.answers:
            return self.answers[path]
        if path == f"/{name}{KEYS}" and name in self._keys:
            return document(self._keys[name])
        if path == f"/{name}{DISCOVERY}" and name in self._keys:
            issuer = f"{self.url}/{name}"
            return document({"issuer": issuer, "jwks_uri": issuer + KEYS})
        return status(404)

    def stop(self) -> None:
        """Listen no more."""
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()


def body(content: bytes, kind: str = "application/json", code: int = 200) -> Answer:
    """These bytes."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def document(content: object) -> Answer:
    """A JSON document."""
    return body(json.dumps(content).encode())


def status(code: int) -> Answer:
    """An error that looks like a key set."""
    return body(b'{"keys":[]}', code=code)


def html(request: BaseHTTPRequestHandler) -> None:
    """What a proxy says that wants a log-in."""
    body(b"<!doctype html><title>Sign in</title>", "text/html")(request)


def down(request: BaseHTTPRequestHandler) -> None:
    """Hang up."""
    request.close_connection = True


def redirect(to: str, code: int = 302) -> Answer:
    """Somewhere else."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        request.send_header("Location", to)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def slow(seconds: float, then: Answer) -> Answer:
    """An answer that comes late."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        then(request)

    return answer


def dripping(seconds: float, every: float = 0.1) -> Answer:
    """One byte now and then, so that no single wait is long."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(every)
        request.close_connection = True

    return answer


def dripping_headers(seconds: float, every: float = 0.1) -> Answer:
    """Headers without end."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            request.wfile.write(b"X-Again: 1\r\n")
            request.wfile.flush()
            time.sleep(every)
        request.close_connection = True

    return answer


def cut_off(content: bytes) -> Answer:
    """Less than was promised."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content) * 2))
        request.end_headers()
        request.wfile.write(content)
        request.close_connection = True

    return answer


def endless(request: BaseHTTPRequestHandler) -> None:
    """More than anybody should read, without saying how much."""
    request.send_response(200)
    request.end_headers()
    for _ in range(10_000):
        request.wfile.write(b" " * 10_000)
    request.close_connection = True


def raw(content: bytes) -> Answer:
    """These bytes in place of HTTP."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(content)
        request.close_connection = True

    return answer
