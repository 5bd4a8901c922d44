"""Whose tokens are taken: what template.yaml says of issuers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.setup.variables import Environment, SettingsError, name, names, read

SUPPORTED = ("RS256", "RS384", "RS512", "ES256", "ES384")
"""Algorithms that auth.signatures can verify; a test compares them."""

NO_TYPE = "none"
"""The word of JWT_TYPES for a token without `typ`."""


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """`key_urls` and `pinned` (JWK Sets) are by issuer; an issuer in neither is asked by
    discovery. `types` are in lower case, "" for none."""

    issuers: tuple[str, ...]
    audiences: frozenset[str]
    algorithms: frozenset[str]
    types: frozenset[str]
    key_urls: Mapping[str, str]
    pinned: Mapping[str, Any]

    @classmethod
    def from_environment(cls, environment: Environment) -> "TokenSettings | None":
        """Read the variables that begin with JWT; None where no issuer is set.

        Raises SettingsError.
        """
        issuers = read(environment, "JWT_ISSUERS", _addresses)
        if not issuers:
            return None
        return cls(
            issuers=issuers,
            audiences=frozenset(_some(environment, "JWT_AUDIENCES")),
            algorithms=frozenset(_some(environment, "JWT_ALGORITHMS", SUPPORTED)),
            types=frozenset(map(_type, _some(environment, "JWT_TYPES"))),
            key_urls=_key_urls(environment, issuers),
            pinned=_pinned(environment, issuers),
        )


def _some(
    environment: Environment, variable: str, allowed: tuple[str, ...] = ()
) -> tuple[str, ...]:
    found = names(read(environment, variable, name))
    if not found:
        raise SettingsError(f"{variable}: must not be empty.")
    if allowed and not set(found) <= set(allowed):
        raise SettingsError(f"{variable}: must be of {', '.join(allowed)}.")
    return found


def _type(text: str) -> str:
    return "" if text.lower() == NO_TYPE else text.lower().removeprefix("application/")


def _addresses(text: str) -> tuple[str, ...]:
    from auth.issuers import check_address

    found = names(text)
    for each in found:
        check_address(each)
    return found


def _key_urls(environment: Environment, issuers: tuple[str, ...]) -> dict[str, str]:
    """One address for each issuer, in their order; an empty place is left to discovery."""
    text = read(environment, "JWT_KEY_URLS", str)
    urls = [url.strip() for url in text.split(",")] if text else []
    if len(urls) > len(issuers):
        raise SettingsError("JWT_KEY_URLS: must not be more than the issuers.")
    read(environment, "JWT_KEY_URLS", _addresses)
    return {issuer: url for issuer, url in zip(issuers, urls, strict=False) if url}


def _pinned(environment: Environment, issuers: tuple[str, ...]) -> dict[str, Any]:
    """A JWK Set where there is one issuer, else an object of them by issuer."""
    found = read(environment, "JWT_PINNED_KEYS", _json_object)
    if "keys" in found and len(issuers) == 1:
        return {issuers[0]: found}
    if not set(found) <= set(issuers):
        raise SettingsError("JWT_PINNED_KEYS: must be JWK Sets by issuer.")
    return found


def _json_object(text: str) -> dict[str, Any]:
    from auth import strict_json

    found = strict_json.read(text.encode()) if text else {}
    if not isinstance(found, dict):
        raise ValueError("must be a JSON object")
    return found
