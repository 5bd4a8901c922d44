"""Fetching an issuer's public documents: one bounded GET, which follows nothing."""

import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

from auth import strict_json
from auth.issuers import check_address

TIMEOUT_SECONDS = 1.5
"""For the whole of it: two of them and a cold start still fit into the authorizer's time."""

MAX_BYTES = 256 * 1024
"""Ten times what the largest providers publish."""


def fetch_json(url: str) -> Any:
    """Read a JSON document. Raises OSError where it cannot be had in time, ValueError where it is
    no JSON, too large, or anything but a plain 200; and for an address that may not be asked.
    """
    check_address(url)
    # A socket's timeout starts anew with every byte; only another thread can end the whole, the
    # look-up of the name included.
    fetch = _Fetch(urlsplit(url))
    fetch.start()
    fetch.join(TIMEOUT_SECONDS)
    return fetch.result()


class _Fetch(Thread):
    def __init__(self, address: SplitResult) -> None:
        super().__init__(daemon=True)
        self._address = address
        self._connection = _connection(address)
        self._socket: socket.socket | None = None
        self._body: bytes | None = None
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            self._body = self._read()
        except Exception as error:
            self._error = error
        finally:
            self._connection.close()

    def result(self) -> Any:
        if self._error is not None:
            if isinstance(self._error, HTTPException):
                raise ValueError("not HTTP") from self._error
            raise self._error
        if self._body is None:
            self._hang_up()
            raise TimeoutError("no answer in time")
        return strict_json.read(self._body)

    def _read(self) -> bytes:
        path = self._address.path or "/"
        query = f"?{self._address.query}" if self._address.query else ""
        headers = {"Accept": "application/json", "User-Agent": "Parley"}
        self._connection.connect()
        self._socket = self._connection.sock
        self._connection.request("GET", path + query, headers=headers)
        response = self._connection.getresponse()
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        body = response.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise ValueError("too large")
        return body

    def _hang_up(self) -> None:
        # A peer that sends a byte now and then would else keep the thread as long as it likes.
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _connection(address: SplitResult) -> HTTPConnection:
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    return kind(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
