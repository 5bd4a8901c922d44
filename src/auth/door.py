"""The only door: who may open a connection."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth.guests import guest, is_guest_credential
from auth.handshake import Handshake
from auth.principal import Principal, Refused, RefusedOrigin

if TYPE_CHECKING:
    # Where only guests come, a cold start does not wait for jose.
    from auth.tokens import Verifier


@dataclass(frozen=True, slots=True)
class Door:
    """`allowed_origins`: what browsers may connect from, compared exactly; empty allows any.

    Where there are some, `absent_origin` says whether native apps, which send none, may connect.
    Without `tokens` nobody can sign in.
    """

    guests: bool
    tokens: "Verifier | None" = None
    allowed_origins: frozenset[str] = frozenset()
    absent_origin: bool = False

    def admit(self, handshake: Handshake) -> Principal:
        """Find out who is connecting. Raises Refused."""
        self._check_origin(handshake.origin)
        credential = handshake.credential
        if credential is None:
            raise Refused("no credential")
        if is_guest_credential(credential):
            if not self.guests:
                raise Refused("guests not allowed")
            return guest(credential)
        if self.tokens is None:
            raise Refused("credential of no known kind")
        return self.tokens.verify(credential)

    def _check_origin(self, origin: str | None) -> None:
        if not self.allowed_origins or origin in self.allowed_origins:
            return
        if origin is not None or not self.absent_origin:
            raise RefusedOrigin("origin not allowed")
