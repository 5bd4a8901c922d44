"""The keys that an issuer publishes, kept while a function is warm."""

from collections.abc import Callable
from threading import Lock
from typing import Any

from auth.keys import KeySet, UnknownKey
from auth.principal import RefusedUnchecked
from auth.signatures import PublicKey

LIFETIME_SECONDS = 3_600
"""How long keys are used without a look; a key that was withdrawn is taken no longer than that."""

PAUSE_SECONDS = 30
"""Between two fetches, whatever tokens say: a stranger who makes up key ids causes no more."""

FIRST_PAUSE_SECONDS = 1
"""Doubled with every failure up to the other: while there are no keys yet, nobody gets in."""

DISCOVERY = "/.well-known/openid-configuration"
"""OpenID Connect Discovery 1.0, section 4."""


class RemoteKeys:
    """A KeySource that asks the issuer: at first, after an hour, and for an unknown key.

    The keys that were had last go on through an outage, and through answers that make no sense.
    One thread fetches, the others wait for it or go on with what there is.
    """

    def __init__(
        self,
        issuer: str,
        fetch: Callable[[str], Any],
        clock: Callable[[], float],
        keys_url: str | None = None,
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._given_url = keys_url
        self._found_url: str | None = None
        self._keys: KeySet | None = None
        self._read_at = 0.0
        self._tried_at: float | None = None
        self._failures = 0
        self._fetching = Lock()

    def choose(self, key_id: str | None, algorithm: str) -> PublicKey:
        """See KeySource. At most one fetch, of at most two documents."""
        if self._keys is None:
            self._refresh(wait=True)
        elif not 0 <= self._clock() - self._read_at < LIFETIME_SECONDS:
            self._refresh(wait=False)
        keys = self._keys
        if keys is None:
            raise RefusedUnchecked("the issuer's keys cannot be had")
        try:
            return keys.choose(key_id, algorithm)
        except UnknownKey:
            self._refresh(wait=True)
            if self._keys is None or self._keys is keys:
                raise
            return self._keys.choose(key_id, algorithm)

    def _refresh(self, *, wait: bool) -> None:
        if not self._may_fetch() or not self._fetching.acquire(blocking=wait):
            return
        try:
            # Whoever had to wait finds it done.
            if self._may_fetch():
                self._fetch_keys()
        finally:
            self._fetching.release()

    def _may_fetch(self) -> bool:
        if self._tried_at is None:
            return True
        pause: float = PAUSE_SECONDS
        if self._keys is None:
            pause = min(pause, FIRST_PAUSE_SECONDS * 2.0 ** (self._failures - 1))
        # A clock that was set back must not hold up the next fetch.
        return not 0 <= self._clock() - self._tried_at < pause

    def _fetch_keys(self) -> None:
        try:
            self._keys = KeySet.read(self._fetch(self._url()))
        except (OSError, ValueError):
            self._failures = min(self._failures + 1, 10)
            self._found_url = None
        else:
            self._failures = 0
            self._read_at = self._clock()
        finally:
            self._tried_at = self._clock()

    def _url(self) -> str:
        url = self._given_url or self._found_url
        if url is None:
            url = self._found_url = self._discovered()
        return url

    def _discovered(self) -> str:
        document = self._fetch(self._issuer.rstrip("/") + DISCOVERY)
        if not isinstance(document, dict) or document.get("issuer") != self._issuer:
            raise ValueError("not this issuer's document")
        url = document.get("jwks_uri")
        if not isinstance(url, str):
            raise ValueError("no address of keys")
        if self._issuer.startswith("https:") and not url.startswith("https:"):
            # On Lambda, plain HTTP to this machine is the runtime's own interface.
            raise ValueError("keys at an address less safe than the issuer's")
        return url
