"""The only door: who may open a connection."""

from dataclasses import dataclass

from auth.guests import guest, is_guest_credential
from auth.handshake import Handshake
from auth.principal import Principal, Refused


@dataclass(frozen=True, slots=True)
class Door:
    """`allowed_origins`: what browsers may connect from, compared exactly; empty allows any."""

    guests: bool
    allowed_origins: frozenset[str] = frozenset()

    def admit(self, handshake: Handshake) -> Principal:
        """Find out who is connecting. Raises Refused."""
        origin = handshake.origin
        if self.allowed_origins and origin is not None and origin not in self.allowed_origins:
            raise Refused("origin not allowed")
        credential = handshake.credential
        if credential is None:
            raise Refused("no credential")
        if not is_guest_credential(credential):
            raise Refused("credential of no known kind")
        if not self.guests:
            raise Refused("guests not allowed")
        return guest(credential)
