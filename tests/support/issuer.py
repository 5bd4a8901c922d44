"""Tokens that stand for signed ones: an issuer that knows again what it has given out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from auth.principal import Kind, Principal, Refused

EVE = "user:id.example:eve"
UMA = "user:id.example:uma"


@dataclass
class Issuer:
    """Gives out tokens."""

    given: dict[str, tuple[str, int]] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    def token(self, user_id: str, until: float) -> str:
        """A new token of that user."""
        text = f"token-{next(self._numbers)}"
        self.given[text] = (user_id, int(until))
        return text

    def verifier(self, clock: Callable[[], datetime]) -> "FakeVerifier":
        """What a function verifies tokens by, on a clock of its own."""
        return FakeVerifier(self, clock)


@dataclass
class FakeVerifier:
    """`auth.tokens.Verifier`, without signatures."""

    issuer: Issuer
    clock: Callable[[], datetime]

    def verify(self, token: str) -> Principal:
        """See the original."""
        user_id, until = self.issuer.given.get(token, ("", 0))
        if until <= self.clock().timestamp():
            raise Refused("expired, or not of this issuer")
        return Principal(user_id, Kind(user_id.partition(":")[0]), until)
