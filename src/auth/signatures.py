"""Signatures: the only module that imports jose, and of it nothing but its keys.

python-jose's own `jwt.decode` takes tokens without `aud`, `exp` or `sub`, with an unknown `crit`,
by whichever key of a set fits, and keys of 1,024 bits; `jose.jwe` is not used at all. Here it does
what OpenSSL does through it, and everything else is checked in auth/tokens.py and auth/keys.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jose import jwk

RSA_ALGORITHMS = ("RS256", "RS384", "RS512")
CURVE_ALGORITHMS = {"P-256": ("ES256",), "P-384": ("ES384",)}
"""A curve has one algorithm (RFC 7518, section 3.4)."""

ALGORITHMS = frozenset(RSA_ALGORITHMS).union(*CURVE_ALGORITHMS.values())
"""All that jose can verify by a public key; it has no RSA-PSS."""

RSA_BITS = range(2_048, 8_192 + 1)
"""RFC 7518, section 3.3, has the least; the most keeps a verification under a millisecond."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of an issuer for one algorithm; `key_id` is None where the issuer names none."""

    key_id: str | None
    algorithm: str
    _key: Any

    def verify(self, signing_input: bytes, signature: bytes) -> bool:
        """Whether this key signed that."""
        return bool(self._key.verify(signing_input, signature))


def public_keys(entry: Mapping[str, Any]) -> Iterator[PublicKey]:
    """The keys that one entry of a JWK Set gives: one for each algorithm it fits.

    None where it is not a public key that signs tokens, or too weak a one. Raises ValueError
    where it is broken.
    """
    for algorithm in _algorithms(entry):
        try:
            key: Any = jwk.construct(dict(entry), algorithm)
        except Exception as error:
            # jose lets pass what its base64 and OpenSSL raise.
            raise ValueError("a broken key") from error
        if algorithm not in RSA_ALGORITHMS or key.prepared_key.key_size in RSA_BITS:
            yield PublicKey(entry.get("kid"), algorithm, key)


def _algorithms(entry: Mapping[str, Any]) -> tuple[str, ...]:
    if entry.get("use", "sig") != "sig" or "verify" not in entry.get("key_ops", ["verify"]):
        return ()
    if "d" in entry or not isinstance(entry.get("kid", ""), str):
        # A private key in a published set is nobody's proof of anything any more.
        return ()
    if entry.get("kty") == "RSA":
        fitting: tuple[str, ...] = RSA_ALGORITHMS
    elif entry.get("kty") == "EC":
        fitting = CURVE_ALGORITHMS.get(str(entry.get("crv")), ())
    else:
        fitting = ()
    return tuple(each for each in fitting if entry.get("alg", each) == each)
