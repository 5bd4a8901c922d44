"""Row 5: no word of a token makes the verifier open a connection; discovery and keys alone do."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from auth.fetching import fetch_json
from auth.remote_keys import RemoteKeys
from auth.tokens import Verifier
from tests.support.key_pairs import pkcs1, rsa_jwk, rsa_key
from tests.support.key_server import DISCOVERY, KEYS, KeyServer, document
from tests.support.soak import times
from tests.support.tokens import Forge, key_set
from tests.support.verifiers import RULES, accepted

EVIL = rsa_key("evil")
LURES: dict[str, Callable[[str], dict[str, Any]]] = {
    "jku": lambda url: {"jku": url},
    "jku and a kid": lambda url: {"jku": url, "kid": "evil"},
    "x5u": lambda url: {"x5u": url},
    "x5c": lambda url: {"x5c": [url]},
    "jwk": lambda url: {"jwk": {**rsa_jwk(EVIL), "jku": url}},
    "kid": lambda url: {"kid": url},
    "kid with a path": lambda url: {"kid": f"../../evil?{url}"},
    "kid of a file": lambda url: {"kid": "file:///etc/hostname"},
    "kid without a scheme": lambda url: {"kid": url.removeprefix("http:")},
    "url": lambda url: {"url": url},
    "iss in the header": lambda url: {"iss": url},
    "crit": lambda url: {"crit": ["jku"], "jku": url},
}


@pytest.fixture
def lure() -> Iterator[KeyServer]:
    """A server of a stranger, which would have the keys for a stranger's tokens."""
    running = KeyServer()
    evil = document({"keys": [rsa_jwk(EVIL, kid="evil"), rsa_jwk(EVIL, kid="rsa")]})
    running.answers.update({"/keys": evil, f"/{DISCOVERY}": evil})
    running.issuer("evil", {"keys": [rsa_jwk(EVIL, kid="rsa")]})
    yield running
    running.stop()


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that is looked up or connected to."""
    seen: list[Any] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connecting(self: socket.socket, address: Any) -> None:
        seen.append(address[:2])
        connect(self, address)

    def looking_up(host: Any, port: Any, *how: Any, **also: Any) -> Any:
        seen.append((host, port))
        return look_up(host, port, *how, **also)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", looking_up)
    return seen


@pytest.mark.row(5, 3 * times(1, 5))
@pytest.mark.parametrize("lured", LURES.values(), ids=list(LURES))
def test_nothing_is_fetched_but_discovery_and_the_keys(
    key_server: KeyServer,
    lure: KeyServer,
    connected: list[Any],
    lured: Callable[[str], dict[str, Any]],
) -> None:
    forge = Forge(issuer=key_server.issuer("tenant", key_set()))
    keys = {forge.issuer: RemoteKeys(forge.issuer, fetch_json, forge.clock)}
    verifier = Verifier(RULES, keys, forge.clock)
    url = f"{lure.url}/keys"
    for _ in range(times(1, 5)):
        for issuer in (forge.issuer, f"{lure.url}/evil", url):
            token = forge.token({"iss": issuer, "jku": url}, lured(url), pkcs1(EVIL))
            assert not accepted(verifier, token)
    assert accepted(verifier, forge.token())
    assert lure.connections == 0
    assert key_server.asked == {"/tenant" + DISCOVERY: 1, "/tenant" + KEYS: 1}
    assert set(connected) == {("127.0.0.1", key_server.server.server_address[1])}
