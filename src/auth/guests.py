"""Guests: a random unique id that the client made is all that proves who it is."""

import hashlib
import re

from auth.principal import Kind, Principal

_UUID_V4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
"""122 random bits (RFC 9562, section 5.4); nothing weaker is taken."""


def is_guest_credential(credential: str) -> bool:
    """Whether this is a UUID v4 in its canonical form, in either case."""
    return _UUID_V4.fullmatch(credential.lower()) is not None and credential.isascii()


def guest(credential: str) -> Principal:
    """The guest of this id: `guest:` and its SHA-256, so that nothing kept holds the secret."""
    digest = hashlib.sha256(credential.lower().encode()).hexdigest()
    return Principal(user_id=f"guest:{digest}", kind=Kind.GUEST)
