"""Key pairs for forging tokens: made once a process, by `cryptography` alone, never by jose."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Signer = Callable[[bytes], bytes]
"""Makes a signature of a signing input."""

Jwk = dict[str, Any]

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "1": hashes.SHA1(),
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_CURVES: Mapping[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The RSA key of this name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(name: str, curve: str = "P-256") -> ec.EllipticCurvePrivateKey:
    """The elliptic-curve key of this name."""
    return ec.generate_private_key(_CURVES[curve])


@cache
def ed_key(name: str) -> ed25519.Ed25519PrivateKey:
    """The Ed25519 key of this name."""
    return ed25519.Ed25519PrivateKey.generate()


def rsa_jwk(key: rsa.RSAPrivateKey, **members: Any) -> Jwk:
    """The public half, as a JWK with these members."""
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), **members}


def ec_jwk(key: ec.EllipticCurvePrivateKey, **members: Any) -> Jwk:
    """The public half, as a JWK with these members."""
    numbers, size = key.public_key().public_numbers(), _size(key)
    curve = next(name for name, each in _CURVES.items() if each.name == key.curve.name)
    point = {"x": number(numbers.x, size), "y": number(numbers.y, size)}
    return {"kty": "EC", "crv": curve, **point, **members}


def ed_jwk(key: ed25519.Ed25519PrivateKey, **members: Any) -> Jwk:
    """The public half, as a JWK with these members."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": part(key.public_key().public_bytes_raw()),
    } | members


def pkcs1(key: rsa.RSAPrivateKey, bits: str = "256") -> Signer:
    """RS256 and its like."""
    return lambda text: key.sign(text, padding.PKCS1v15(), _HASHES[bits])


def pss(key: rsa.RSAPrivateKey, bits: str = "256") -> Signer:
    """PS256 and its like."""
    digest = _HASHES[bits]
    masked = padding.PSS(padding.MGF1(digest), digest.digest_size)
    return lambda text: key.sign(text, masked, digest)


def ecdsa(key: ec.EllipticCurvePrivateKey, bits: str = "256") -> Signer:
    """ES256 and its like: r and s, each of the curve's size (RFC 7518, section 3.4)."""

    def sign(text: bytes) -> bytes:
        r, s = decode_dss_signature(ecdsa_der(key, bits)(text))
        return r.to_bytes(_size(key)) + s.to_bytes(_size(key))

    return sign


def ecdsa_der(key: ec.EllipticCurvePrivateKey, bits: str = "256") -> Signer:
    """ECDSA as X.509 writes it, which JWS does not."""
    return lambda text: key.sign(text, ec.ECDSA(_HASHES[bits]))


def mac(secret: bytes, bits: str = "256") -> Signer:
    """HS256 and its like."""
    return lambda text: hmac.new(secret, text, getattr(hashlib, f"sha{bits}")).digest()


def constant(signature: bytes) -> Signer:
    """The same for every text."""
    return lambda text: signature


def public_forms(key: rsa.RSAPrivateKey) -> dict[str, bytes]:
    """What a verifier may hold of a public key, so that one may take it for an HMAC secret."""
    public, jwk = key.public_key(), rsa_jwk(key)
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    spki, old = (
        serialization.PublicFormat.SubjectPublicKeyInfo,
        serialization.PublicFormat.PKCS1,
    )
    return {
        "PEM": public.public_bytes(pem, spki),
        "PEM without its last newline": public.public_bytes(pem, spki).rstrip(),
        "PKCS #1 PEM": public.public_bytes(pem, old),
        "DER": public.public_bytes(der, spki),
        "PKCS #1 DER": public.public_bytes(der, old),
        "JWK": json.dumps(jwk).encode(),
        "JWK, dense": json.dumps(jwk, separators=(",", ":")).encode(),
        "modulus as text": jwk["n"].encode(),
        "modulus as bytes": key.public_key().public_numbers().n.to_bytes(key.key_size // 8),
    }


def number(value: int, size: int | None = None) -> str:
    """An integer as a JWK writes it."""
    return part(value.to_bytes(size or (value.bit_length() + 7) // 8))


def part(content: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _size(key: ec.EllipticCurvePrivateKey) -> int:
    return (key.key_size + 7) // 8
