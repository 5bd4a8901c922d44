"""One bounded GET: https or this machine, no redirect, 1.5 seconds, 256 KiB."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from auth.fetching import MAX_BYTES, TIMEOUT_SECONDS, fetch_json
from tests.support.key_server import (
    Answer,
    KeyServer,
    body,
    cut_off,
    document,
    down,
    dripping,
    dripping_headers,
    endless,
    html,
    raw,
    redirect,
    slow,
    status,
)

SLOW_SECONDS = 8
PATIENCE = TIMEOUT_SECONDS + 3
"""This machine may be busy; one that waits for slow answers takes longer still."""

BAD: dict[str, Answer] = {
    "it hangs up": down,
    "HTML": html,
    "nothing": body(b""),
    "no JSON": body(b"{"),
    "a name twice": body(b'{"keys":[],"keys":[]}'),
    "not in UTF-8": body(b'{"keys":"\xff"}'),
    "NaN": body(b"[NaN]"),
    "nested too deep": body(b"[" * 100_000),
    "cut off": cut_off(b'{"keys":['),
    "too large": body(b" " * MAX_BYTES + b"{}"),
    "without end": endless,
    "400": status(400),
    "404": status(404),
    "429": status(429),
    "500": status(500),
    "503": status(503),
    "201": status(201),
    "no content": body(b"", code=204),
    "not HTTP": raw(b"220 smtp.example ready\r\n"),
    "no status": raw(b"\r\n\r\n"),
    "headers without end": raw(b"HTTP/1.1 200 OK\r\n" + b"X-Again: 1\r\n" * 1_000 + b"\r\n"),
    "a header too long": raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"),
    "a length that is none": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{"),
    "chunks that are none": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
}

NOWHERE = [
    "http://192.0.2.1/keys",
    "http://example.com/keys",
    "http://127.0.0.1.example/keys",
    "http://localhost.example/keys",
    "http://0.0.0.0/keys",
    "http://2130706433/keys",
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00:ec2::254]/latest/meta-data",
    "https://user:secret@127.0.0.1/keys",
    "https:///keys",
    "https://",
    "//127.0.0.1/keys",
    "127.0.0.1/keys",
    "file:///etc/passwd",
    "ftp://127.0.0.1/keys",
    "data:application/json,{}",
    "gopher://127.0.0.1/keys",
    "javascript:1",
    "",
    "http://127.0.0.1/ke ys",
    "http://127.0.0.1/keys\r\nHost: evil.example",
    "http://127.0.0.1/keys\n",
    "http://127.0.0.1:99999/keys",
    "http://127.0.0.1:port/keys",
    "http://[::1/keys",
    "https://exa\0mple.com/keys",
]


def fetching_threads() -> int:
    """How many fetches are under way."""
    return sum(type(each).__name__ == "_Fetch" for each in threading.enumerate())


def seconds_of(work: Callable[[], Any]) -> float:
    """How long it takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def refused(url: str) -> None:
    """The fetch fails as it promises to."""
    with pytest.raises((OSError, ValueError)):
        fetch_json(url)


def test_a_document_is_fetched(key_server: KeyServer) -> None:
    key_server.answers["/one?a=b"] = document({"keys": ["ü"]})
    assert fetch_json(key_server.url + "/one?a=b") == {"keys": ["ü"]}
    assert key_server.asked == {"/one?a=b": 1}


def test_a_document_may_be_as_large_as_the_limit(key_server: KeyServer) -> None:
    key_server.answers["/one"] = body(b" " * (MAX_BYTES - 2) + b"{}")
    assert fetch_json(key_server.url + "/one") == {}


@pytest.mark.parametrize("answer", BAD.values(), ids=list(BAD))
def test_anything_but_a_document_is_an_error(key_server: KeyServer, answer: Answer) -> None:
    key_server.answers["/one"] = answer
    assert seconds_of(lambda: refused(key_server.url + "/one")) < PATIENCE
    assert key_server.connections == 1


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(key_server: KeyServer, code: int) -> None:
    key_server.answers["/two"] = document({})
    key_server.answers["/one"] = redirect(key_server.url + "/two", code)
    refused(key_server.url + "/one")
    assert key_server.asked == {"/one": 1}


@pytest.mark.parametrize(
    "answer",
    [slow(SLOW_SECONDS, document({})), dripping(SLOW_SECONDS), dripping_headers(SLOW_SECONDS)],
    ids=["silent", "a dripping body", "dripping headers"],
)
def test_nobody_is_waited_for_longer_than_the_limit(key_server: KeyServer, answer: Answer) -> None:
    key_server.answers["/one"] = answer
    assert seconds_of(lambda: refused(key_server.url + "/one")) < PATIENCE
    # And nothing goes on behind one's back, or each refresh would leave a thread.
    deadline = time.monotonic() + PATIENCE
    while fetching_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert fetching_threads() == 0


def test_a_port_where_nobody_listens_is_an_error() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        refused(f"http://127.0.0.1:{port}/keys")


def test_one_that_listens_and_never_answers_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/keys"
        assert seconds_of(lambda: refused(url)) < PATIENCE


def test_https_without_a_certificate_that_is_trusted_is_an_error(key_server: KeyServer) -> None:
    key_server.answers["/one"] = document({})
    refused(key_server.url.replace("http:", "https:") + "/one")


@pytest.mark.parametrize("url", NOWHERE)
def test_no_other_address_is_asked_at_all(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*where: Any, **how: Any) -> Any:
        raise AssertionError(f"asked {where}")

    for name in ("create_connection", "getaddrinfo", "socket"):
        monkeypatch.setattr(socket, name, never)
    with pytest.raises(ValueError) as wrong:  # noqa: PT011
        fetch_json(url)
    assert not url or url not in str(wrong.value)
