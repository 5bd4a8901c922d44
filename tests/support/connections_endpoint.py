"""A loopback @connections that answers as it is told, and then with 200."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

Answer = tuple[int, str]
"""Status and error type; status 0 drops the connection without an answer."""


class ConnectionsEndpoint:
    """Remembers each request: method, path and body."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, str, bytes]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                endpoint.requests.append((self.command, unquote(self.path), body))
                status, kind = endpoint.answers.pop(0) if endpoint.answers else (200, "")
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
