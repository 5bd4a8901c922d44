"""A loopback @connections that answers as it is told, and then with 200."""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

from bot.errors import ConnectionGone

Answer = tuple[int, str]
"""Status and error type; status 0 drops the connection without an answer. A frame is delivered
with a 200, and where the type is `delivered`; with `slow` too, and it is answered late."""

SLOW_SECONDS = 0.4
DELIVERED = "delivered"
GONE = (410, "GoneException")
SLOW = "slow"

Deliver = Callable[[str, bytes], object]


class ConnectionsEndpoint:
    """Remembers each request: method, path and body; hands on what is delivered, and answers
    with 410 where `deliver` raises ConnectionGone."""

    def __init__(self, deliver: Deliver = lambda connection, frame: None) -> None:
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, str, bytes]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = unquote(self.path)
                endpoint.requests.append((self.command, path, body))
                status, kind = endpoint.answers.pop(0) if endpoint.answers else (200, "")
                try:
                    if status == 200 or kind in (DELIVERED, SLOW):
                        deliver(path.rpartition("/")[2], body)
                except ConnectionGone:
                    status, kind = GONE
                if kind == SLOW:
                    time.sleep(SLOW_SECONDS)
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                if kind:
                    self.send_header("x-amzn-ErrorType", kind)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_DELETE = do_GET = answer  # noqa: N815

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is, with a stage."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/prod"

    def stop(self) -> None:
        """Listen no more."""
        self.server.shutdown()
        self.server.server_close()
