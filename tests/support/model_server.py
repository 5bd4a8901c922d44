"""A loopback server that streams what it is told to, as the providers of language models do."""

import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

ONCE = {"Transfer-Encoding": "chunked", "Connection": "close"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its parts, and what then happens to the connection.

    `cut`: it is dropped in the middle. `held`: it stays open until the client hangs up.
    """

    parts: Sequence[bytes] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class ModelServer:
    """Gives its answers in turn, and remembers what it was asked.

    `held` is set when it has said all of an answer that it holds, `hung_up` when the client has
    closed the connection of such a one.
    """

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[Asked] = []
        self.held = Event()
        self.hung_up = Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.asked.append(Asked(self.path, dict(self.headers), json.loads(body)))
                self.close_connection = True
                server._answer(self)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        answer = self.answers.pop(0)
        request.send_response(answer.status)
        for name, value in {**answer.headers, **ONCE}.items():
            request.send_header(name, value)
        request.end_headers()
        for part in answer.parts:
            request.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            request.wfile.flush()
        if answer.held:
            self.held.set()
            self._wait_for_hang_up(request.connection)
        elif not answer.cut:
            request.wfile.write(b"0\r\n\r\n")

    def _wait_for_hang_up(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        try:
            gone = connection.recv(1) == b""
        except ConnectionResetError:
            gone = True
        except TimeoutError:
            gone = False
        if gone:
            self.hung_up.set()
