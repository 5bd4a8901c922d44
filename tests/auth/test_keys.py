"""Which keys of a set are used, and for what."""

from typing import Any

import pytest

from auth.keys import KeySet
from auth.principal import Refused
from tests.support.key_pairs import (
    Jwk,
    ec_jwk,
    ec_key,
    ecdsa,
    ed_jwk,
    ed_key,
    number,
    pkcs1,
    rsa_jwk,
    rsa_key,
)

RSA = rsa_jwk(rsa_key("rsa"), kid="rsa")
EC = ec_jwk(ec_key("ec"), kid="ec")
TEXT = b"signing input"


def without(jwk: Jwk, name: str) -> Jwk:
    """A key that lacks a member."""
    return {each: value for each, value in jwk.items() if each != name}


NO_SETS: list[Any] = [
    None,
    [],
    "",
    "keys",
    1,
    True,
    {},
    [RSA],
    RSA,
    {"keys": None},
    {"keys": {}},
    {"keys": {"rsa": RSA}},
    {"keys": "rsa"},
    {"keys": []},
    {"keys": [None, 1, "rsa", []]},
    {"Keys": [RSA]},
    {"keys": [RSA] * 101},
    {"error": "temporarily_unavailable"},
]

USELESS: dict[str, Jwk] = {
    "of 1,024 bits": rsa_jwk(rsa_key("weak", 1024)),
    "of 2,040 bits": {**RSA, "n": number((1 << 2039) + 1)},
    "of 16,384 bits, to make one wait": {**RSA, "n": number((1 << 16383) + 1)},
    "with exponent 1, of which everything is a signature": {**RSA, "e": number(1)},
    "with an even exponent": {**RSA, "e": number(65536)},
    "with modulus 0": {**RSA, "n": "AA"},
    "without modulus": without(RSA, "n"),
    "without exponent": without(RSA, "e"),
    "whose modulus is a number": {**RSA, "n": 5},
    "whose modulus is not base64": {**RSA, "n": "\u2028"},
    "for encryption": {**RSA, "use": "enc"},
    "for nothing": {**RSA, "use": ""},
    "for uses": {**RSA, "use": ["sig"]},
    "that signs but does not verify": {**RSA, "key_ops": ["sign"]},
    "that may nothing": {**RSA, "key_ops": []},
    "whose key_ops are null": {**RSA, "key_ops": None},
    "for RSA-OAEP": {**RSA, "alg": "RSA-OAEP"},
    "for PS256": {**RSA, "alg": "PS256"},
    "for HS256": {**RSA, "alg": "HS256"},
    "for none": {**RSA, "alg": "none"},
    "for ES256, of RSA": {**RSA, "alg": "ES256"},
    "for RS256, on a curve": {**EC, "alg": "RS256"},
    "for ES384, on P-256": {**EC, "alg": "ES384"},
    "whose alg is null": {**RSA, "alg": None},
    "whose kid is a number": {**RSA, "kid": 1},
    "whose kid is a list": {**RSA, "kid": ["rsa"]},
    "that is private": {**RSA, "d": "AQAB"},
    "that is private, on a curve": {**EC, "d": "AQAB"},
    "without type": without(RSA, "kty"),
    "of a type in lower case": {**RSA, "kty": "rsa"},
    "of two types": {**RSA, "kty": ["RSA"]},
    "of RSA's numbers on a curve": {**RSA, "kty": "EC"},
    "off the curve": {**EC, "y": EC["x"]},
    "at infinity": {**EC, "x": number(0, 32), "y": number(0, 32)},
    "without a curve": without(EC, "crv"),
    "without y": without(EC, "y"),
    "of another curve's name": {**EC, "crv": "P-384"},
    "on secp256k1": ec_jwk(ec_key("k1", "secp256k1")),
    "on P-521": ec_jwk(ec_key("521", "P-521")),
    "of Ed25519": ed_jwk(ed_key("ed")),
    "that is secret": {"kty": "oct", "k": "c2VjcmV0"},
    "of an unheard-of type": {"kty": "ML-DSA", "pub": "AA"},
    "that says nothing": {},
}


@pytest.mark.parametrize("document", NO_SETS, ids=lambda each: repr(each)[:15])
def test_what_has_no_key_is_no_key_set(document: Any) -> None:
    with pytest.raises(ValueError, match=r"key that|JWK Set"):
        KeySet.read(document)


@pytest.mark.parametrize("jwk", USELESS.values(), ids=list(USELESS))
def test_a_key_that_cannot_be_used_is_passed_over(jwk: Jwk) -> None:
    """RFC 7517, section 5: it spoils nothing for the others, and is itself never chosen."""
    with pytest.raises(ValueError, match="no key"):
        KeySet.read({"keys": [jwk]})
    good = rsa_jwk(rsa_key("good"), kid="good")
    keys = KeySet.read({"keys": [jwk, good, jwk]})
    assert keys.choose("good", "RS256").verify(TEXT, pkcs1(rsa_key("good"))(TEXT))
    assert keys.choose(None, "RS256").key_id == "good"
    with pytest.raises(Refused):
        keys.choose(None, "ES256")


@pytest.mark.parametrize("order", [[RSA, EC], [EC, RSA]], ids=["RSA first", "EC first"])
def test_the_order_of_the_keys_does_not_matter(order: list[Jwk]) -> None:
    keys = KeySet.read({"keys": order})
    for kid in ("rsa", None):
        assert keys.choose(kid, "RS256").verify(TEXT, pkcs1(rsa_key("rsa"))(TEXT))
    for kid in ("ec", None):
        assert keys.choose(kid, "ES256").verify(TEXT, ecdsa(ec_key("ec"))(TEXT))


@pytest.mark.parametrize("kid", ["", "RSA", "rsa ", "ec", "unknown", "__proto__"])
def test_a_key_is_chosen_by_its_very_name(kid: str) -> None:
    with pytest.raises(Refused):
        KeySet.read({"keys": [RSA, EC]}).choose(kid, "RS256")


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "PS256", "HS256", "none", "", "rs256"])
def test_a_key_is_for_its_own_algorithms_alone(algorithm: str) -> None:
    for kid in ("rsa", None):
        with pytest.raises(Refused):
            KeySet.read({"keys": [RSA]}).choose(kid, algorithm)


def test_of_two_keys_that_both_fit_none_is_chosen() -> None:
    """Row 4: a kid that stands twice; and a token without one where there are several."""
    twice = [rsa_jwk(rsa_key(name), kid="rsa") for name in ("twice one", "twice two")]
    keys = KeySet.read({"keys": [*twice, EC]})
    for kid in ("rsa", None):
        with pytest.raises(Refused, match="more than one"):
            keys.choose(kid, "RS256")
    assert keys.choose("ec", "ES256")


def test_a_key_without_a_name_serves_tokens_without_one() -> None:
    keys = KeySet.read({"keys": [without(RSA, "kid")]})
    assert keys.choose(None, "RS512").key_id is None
    with pytest.raises(Refused):
        keys.choose("rsa", "RS512")
