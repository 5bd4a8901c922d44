"""What a client sent to open a connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_URL_LENGTH = 4096

# Captured spellings that plain Title-Case would get wrong.
_SPELLINGS = {
    "content-length": "content-length",
    "x-api-key": "x-api-key",
    "x-restapi": "x-restapi",
    "sec-websocket-extensions": "Sec-WebSocket-Extensions",
    "sec-websocket-key": "Sec-WebSocket-Key",
    "sec-websocket-protocol": "Sec-WebSocket-Protocol",
    "sec-websocket-version": "Sec-WebSocket-Version",
}
_HOP_BY_HOP = frozenset({"Connection", "Upgrade", "content-length"})

MultiMap = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Handshake:
    """The upgrade request; ``headers`` under the names that functions will see."""

    headers: MultiMap
    query: MultiMap = field(default_factory=dict)
    source_ip: str = "127.0.0.1"

    @property
    def user_agent(self) -> str | None:
        return self.header("User-Agent")

    def header(self, name: str) -> str | None:
        """Return the header's last value, the name compared without regard to case."""
        values = self.headers.get(spelled(name), ())
        return values[-1] if values else None


def spelled(name: str) -> str:
    """Return a header's name as API Gateway spells it."""
    lower = name.lower()
    return _SPELLINGS.get(lower) or "-".join(part.capitalize() for part in lower.split("-"))


def gather(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Collect repeated names into one entry each, in order of appearance."""
    collected: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        collected[name] = (*collected.get(name, ()), value)
    return collected


def client_headers(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Spell the names; put repeated subprotocol lines together, as one comma-joined offer."""
    headers = gather([(spelled(name), value) for name, value in pairs])
    offer = headers.get("Sec-WebSocket-Protocol")
    if offer and len(offer) > 1:
        headers["Sec-WebSocket-Protocol"] = (", ".join(offer),)
    return headers


def without_hop_by_hop(headers: MultiMap) -> MultiMap:
    """Leave out what the authorizer sees and ``$connect`` does not."""
    return {name: values for name, values in headers.items() if name not in _HOP_BY_HOP}


def last_values(entries: MultiMap) -> dict[str, str]:
    """Return the single-value form: of repeated names the last value."""
    return {name: values[-1] for name, values in entries.items()}


def all_values(entries: MultiMap) -> dict[str, list[str]]:
    """Return the multi-value form."""
    return {name: list(values) for name, values in entries.items()}
