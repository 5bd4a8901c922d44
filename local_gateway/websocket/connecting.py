"""What the ``$connect`` function's result means for the handshake."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNHANDLED = 502


@dataclass(frozen=True)
class ConnectAnswer:
    """101 with the subprotocol to send, or the status that refuses."""

    status: int
    subprotocol: str | None = None

    @property
    def accepted(self) -> bool:
        return self.status == 101


def answer_of(result: Any, missing_status: int = UNHANDLED) -> ConnectAnswer:
    """Read a ``$connect`` result: 2xx opens, another status refuses with that very status."""
    status = result.get("statusCode") if isinstance(result, Mapping) else None
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool):
        return ConnectAnswer(missing_status)
    if not 100 <= status <= 599:
        return ConnectAnswer(UNHANDLED)
    if 200 <= status <= 299:
        return ConnectAnswer(101, _subprotocol(result))
    return ConnectAnswer(UNHANDLED if status < 200 else status)


def _subprotocol(result: Mapping[str, Any]) -> str | None:
    headers = result.get("headers")
    if not isinstance(headers, Mapping):
        return None
    for name, value in headers.items():
        if str(name).lower() == "sec-websocket-protocol" and isinstance(value, str):
            return value if _sendable(value) else None
    return None


def _sendable(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable()
