"""A forge of tokens: two issuers with their keys, and every part of a token open to abuse."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.support.key_pairs import (
    Signer,
    ec_jwk,
    ec_key,
    ecdsa,
    ed_jwk,
    ed_key,
    part,
    pkcs1,
    rsa_jwk,
    rsa_key,
)

NOW = 1_800_000_000.25
AUDIENCE = "parley"
CLIENT_ID = "parley-app"
SECRET = b"an HMAC key that lies in the key set"


class Mark(Enum):
    """What a change may say besides a value."""

    GONE = "leave it out"


GONE = Mark.GONE
Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Forge:
    """Signs anything as `issuer`, whose key set holds keys good and bad, or as `other`."""

    issuer: str = "https://id.example.com/tenant"
    other: str = "https://login.example.org"
    clock: Callable[[], float] = lambda: NOW

    @property
    def now(self) -> int:
        """The time in whole seconds, as tokens give it."""
        return int(self.clock())

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims that would be accepted, but for these changes."""
        good = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "ana",
            "exp": self.now + 3600,
            "iat": self.now - 10,
        }
        return _changed(good, changes)

    def header(self, **changes: Any) -> dict[str, Any]:
        """A header that would be accepted, but for these changes."""
        return _changed({"alg": "RS256", "typ": "JWT", "kid": "rsa"}, changes)

    def token(
        self,
        claims: Changes | None = None,
        header: Changes | None = None,
        by: Signer | None = None,
    ) -> str:
        """A token with these changes, signed by the issuer's RSA key or as `by` says."""
        return self.raw(
            json.dumps(self.header(**(header or {}))), json.dumps(self.claims(**(claims or {}))), by
        )

    def raw(self, header: str | bytes, claims: str | bytes, by: Signer | None = None) -> str:
        """A token of this very header and these claims, validly signed."""
        return self.compact(part(_bytes(header)), part(_bytes(claims)), by)

    def compact(
        self,
        header: str | None = None,
        claims: str | None = None,
        by: Signer | None = None,
        write: Callable[[bytes], str] = part,
    ) -> str:
        """A token of these very parts, validly signed over them as they stand."""
        header = part(json.dumps(self.header()).encode()) if header is None else header
        claims = part(json.dumps(self.claims()).encode()) if claims is None else claims
        signing_input = f"{header}.{claims}".encode("utf-8", "surrogateescape")
        return f"{header}.{claims}.{write((by or pkcs1(rsa_key('rsa')))(signing_input))}"

    def es256(self, claims: Changes | None = None, by: Signer | None = None, **header: Any) -> str:
        """A token signed by the issuer's key on P-256."""
        elliptic = {"alg": "ES256", "kid": "ec", **header}
        return self.token(claims, elliptic, by or ecdsa(ec_key("ec")))


def key_set() -> dict[str, Any]:
    """The issuer's keys: those of real life, and those that must never verify anything."""
    return {
        "keys": [
            ec_jwk(ec_key("ec"), kid="ec", use="sig", alg="ES256"),
            rsa_jwk(rsa_key("rsa"), kid="rsa", use="sig"),
            rsa_jwk(rsa_key("rs256"), kid="rs256", use="sig", alg="RS256", x5t="ignored"),
            rsa_jwk(rsa_key("rsa-3072", 3072), kid="rsa-3072", key_ops=["verify"]),
            ec_jwk(ec_key("ec-384", "P-384"), kid="ec-384"),
            rsa_jwk(rsa_key("both"), kid="both", use="sig"),
            ec_jwk(ec_key("both"), kid="both", use="sig"),
            rsa_jwk(rsa_key("weak", 1024), kid="weak", use="sig", alg="RS256"),
            rsa_jwk(rsa_key("enc"), kid="enc", use="enc"),
            ec_jwk(ec_key("ec-enc"), kid="ec-enc", use="enc"),
            rsa_jwk(rsa_key("ops"), kid="ops", key_ops=["encrypt", "wrapKey"]),
            rsa_jwk(rsa_key("oaep"), kid="oaep", alg="RSA-OAEP-256"),
            rsa_jwk(rsa_key("twice one"), kid="twice", use="sig"),
            rsa_jwk(rsa_key("twice two"), kid="twice", use="sig"),
            ec_jwk(ec_key("ec-521", "P-521"), kid="ec-521", use="sig"),
            ec_jwk(ec_key("ec-k1", "secp256k1"), kid="ec-k1", use="sig"),
            ed_jwk(ed_key("ed"), kid="ed", use="sig"),
            {"kty": "oct", "kid": "oct", "k": part(SECRET)},
        ]
    }


def other_key_set() -> dict[str, Any]:
    """The other issuer's: one RSA key under the first one's name, one on a curve."""
    return {
        "keys": [
            rsa_jwk(rsa_key("other rsa"), kid="rsa", use="sig", alg="RS256"),
            ec_jwk(ec_key("other ec"), kid="other-ec", use="sig", alg="ES256"),
        ]
    }


def _changed(good: dict[str, Any], changes: Changes) -> dict[str, Any]:
    return {name: value for name, value in {**good, **changes}.items() if value is not GONE}


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
