"""What a client brings to the WebSocket handshake, and where its credential may lie in it."""

from collections.abc import Mapping
from dataclasses import dataclass

SUBPROTOCOL = "chat.v1"
"""The one application protocol. What else a client offers in its place is its credential:
a browser can set no other header (RFC 6455, section 4.1)."""

QUERY_NAMES = ("token", "userId")
"""Last resort: addresses reach logs."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """Headers by lower-case name, and the query string."""

    headers: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def origin(self) -> str | None:
        """The page that opened the connection; None for a native app."""
        return self.headers.get("origin")

    @property
    def offers(self) -> tuple[str, ...]:
        """The subprotocols offered, in order."""
        offered = self.headers.get("sec-websocket-protocol", "").split(",")
        return tuple(offer.strip() for offer in offered if offer.strip())

    @property
    def credential(self) -> str | None:
        """The credential that is present first: Bearer header, subprotocol, query string."""
        scheme, _, bearer = self.headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() == "bearer" and bearer.strip():
            return bearer.strip()
        for offer in self.offers:
            if offer != SUBPROTOCOL:
                return offer
        return next((self.query[name] for name in QUERY_NAMES if self.query.get(name)), None)

    @property
    def answered_subprotocol(self) -> str | None:
        """The offer to answer with: a browser drops the connection where none comes back.

        A credential is given back only where nothing but it was offered.
        """
        if SUBPROTOCOL in self.offers:
            return SUBPROTOCOL
        return self.offers[0] if self.offers else None
