"""Whom a `renew` frame's token speaks for.

Most functions that answer frames never see one, so the verifier and what it stands on are imported
and built at the first: until then a cold start is none the longer for them.
"""

from collections.abc import Callable
from typing import Protocol

from auth.principal import Principal, Refused
from bot.errors import TokenRefused
from bot.models import Caller


class Verifier(Protocol):
    """What `auth.tokens` has, as far as it is needed here."""

    def verify(self, token: str) -> Principal:
        """Find out who a token was given to. Raises auth.principal.Refused."""
        ...


class Tokens:
    """`bot.connections.expiry.Tokens`. `build` makes the verifier; None where no issuer is set."""

    def __init__(self, build: Callable[[], Verifier | None]) -> None:
        self._build = build
        self._verifier: Verifier | None = None

    def __call__(self, token: str) -> Caller:
        """Raises TokenRefused, whose reason is for the log."""
        if self._verifier is None:
            self._verifier = self._build()
        if self._verifier is None:
            raise TokenRefused("no issuer")
        try:
            principal = self._verifier.verify(token)
        except Refused as refused:
            raise TokenRefused(str(refused)) from None
        return Caller(principal.user_id, principal.expires_at)
