"""An issuer's keys, and which one of them a token names."""

from collections.abc import Iterable
from typing import Protocol

from auth.principal import Refused
from auth.signatures import PublicKey, public_keys

MAX_KEYS = 100
"""Entries of one JWK Set; providers publish two to ten."""


class UnknownKey(Refused):
    """No key fits, as far as is known."""


class KeySource(Protocol):
    """Where the keys of an issuer come from."""

    def choose(self, key_id: str | None, algorithm: str) -> PublicKey:
        """The one key that fits a token's header. Raises Refused where none or several do."""
        ...


class KeySet:
    """The keys of one JWK Set (RFC 7517). By itself a KeySource: pinned keys need no network."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def read(cls, document: object) -> "KeySet":
        """Take the keys that can be used, and pass over the others, as section 5 has it.

        Raises ValueError where that leaves none.
        """
        entries = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(entries, list) or len(entries) > MAX_KEYS:
            raise ValueError("not a JWK Set")
        keys = [key for entry in entries for key in _usable(entry)]
        if not keys:
            raise ValueError("no key that verifies tokens")
        return cls(keys)

    def choose(self, key_id: str | None, algorithm: str) -> PublicKey:
        """See KeySource. Without a `kid` there must be one key alone of that algorithm."""
        fitting = [
            key for key in self._keys if key.algorithm == algorithm and key_id in (None, key.key_id)
        ]
        if not fitting:
            raise UnknownKey("no key fits")
        if len(fitting) > 1:
            raise Refused("more than one key fits")
        return fitting[0]


def _usable(entry: object) -> list[PublicKey]:
    try:
        return list(public_keys(entry)) if isinstance(entry, dict) else []
    except (ValueError, TypeError):
        return []
