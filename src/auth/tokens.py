"""The one verifier of tokens. What it does not expressly allow is refused (RFC 8725)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from auth import compact, issuers
from auth.keys import KeySource
from auth.principal import Kind, Principal, Refused, RefusedExpired

Claims = Mapping[str, Any]

FORBIDDEN_HEADERS = ("crit", "b64", "jku", "x5u", "x5c", "jwk", "zip", "enc")
"""Extensions that change what a token means, and ways for it to bring its own key."""

LEEWAY_SECONDS = 30
"""How far an issuer's clock may be ahead. `exp` has none: a connection ends with its token."""

MAX_SUBJECT_CHARACTERS = 255
"""ASCII, by OpenID Connect Core 1.0, section 2."""

LAST_SECOND = 253_402_300_799
"""The end of the year 9999."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a token must be: for one of these `audiences`, signed by one of these `algorithms`.

    `types` are the values of `typ` in lower case, "" for none at all. Cognito sends none, and
    RFC 9068 has `at+jwt`.
    """

    audiences: frozenset[str]
    algorithms: frozenset[str]
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies tokens of the issuers that `keys` has."""

    rules: Rules
    keys: Mapping[str, KeySource]
    clock: Callable[[], float]

    def verify(self, token: str) -> Principal:
        """Find out who a token was given to. Raises Refused, whatever the token is."""
        try:
            return self._verify(token)
        except Refused:
            raise
        except Exception as error:
            # What nobody has thought of is refused too, and named by its type alone.
            raise Refused(f"a {type(error).__name__} on the way") from None

    def _verify(self, token: str) -> Principal:
        parts = compact.take_apart(token)
        algorithm = _algorithm(parts.header, self.rules)
        issuer = parts.claims.get("iss")
        keys = self.keys.get(issuer) if isinstance(issuer, str) else None
        if issuer is None or keys is None:
            raise Refused("issuer not known")
        key = keys.choose(_key_id(parts.header), algorithm)
        if not key.verify(parts.signing_input, parts.signature):
            raise Refused("signature wrong")
        return self._principal(issuer, parts.claims)

    def _principal(self, issuer: str, claims: Claims) -> Principal:
        now = self.clock()
        expires_at = _time(claims, "exp")
        if expires_at is None or expires_at <= now:
            raise RefusedExpired("expired, or without exp")
        for name in ("nbf", "iat"):
            since = _time(claims, name)
            if since is not None and since > now + LEEWAY_SECONDS:
                raise Refused(f"{name} in the future")
        _check_audience(claims, self.rules.audiences)
        subject = _subject(claims)
        return Principal(issuers.user_id(issuer, subject), Kind.USER, int(expires_at))


def _algorithm(header: Claims, rules: Rules) -> str:
    if any(name in header for name in FORBIDDEN_HEADERS):
        raise Refused("a header that is not allowed")
    if _type(header) not in rules.types:
        raise Refused("typ not allowed")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in rules.algorithms:
        raise Refused("alg not allowed")
    return algorithm


def _type(header: Claims) -> str:
    """RFC 7515, section 4.1.9: a media type, in any case, where `application/` may be left out."""
    if "typ" not in header:
        return ""
    named = header["typ"]
    kind = named.lower().removeprefix("application/") if isinstance(named, str) else ""
    if not kind:
        raise Refused("typ not allowed")
    return kind


def _key_id(header: Claims) -> str | None:
    if "kid" not in header:
        return None
    key_id = header["kid"]
    if not isinstance(key_id, str):
        raise Refused("kid is not a string")
    return key_id


def _time(claims: Claims, name: str) -> float | None:
    """A NumericDate (RFC 7519, section 2); None where there is none."""
    if name not in claims:
        return None
    moment = claims[name]
    if isinstance(moment, bool) or not isinstance(moment, (int, float)):
        raise Refused(f"{name} is not a number")
    if not 0 <= moment <= LAST_SECOND:
        raise Refused(f"{name} is not a time")
    return moment


def _check_audience(claims: Claims, wanted: frozenset[str]) -> None:
    # Cognito's tokens say what they are; its access tokens name the client in place of `aud`.
    # https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    use = claims.get("token_use", "id")
    if use not in ("id", "access"):
        raise Refused("token_use not allowed")
    if "aud" in claims or use == "id":
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
    else:
        named = [claims.get("client_id")]
    if not all(isinstance(each, str) for each in named):
        raise Refused("aud is missing, or not a string")
    if wanted.isdisjoint(named):
        raise Refused("for another audience")


def _subject(claims: Claims) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS:
        raise Refused("sub is missing, or not a string")
    if not subject.isascii() or not subject.isprintable():
        raise Refused("sub is not printable ASCII")
    return subject
