"""The table detects: each of these mutants of the verifier lets its row in."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from auth import compact, keys, signatures, strict_json, tokens
from auth.keys import KeySet
from auth.principal import Refused
from auth.signatures import PublicKey
from auth.tokens import Rules, Verifier
from tests.auth.attacks import ATTACKS
from tests.support.key_pairs import mac, public_forms, rsa_key
from tests.support.tokens import Forge, key_set, other_key_set
from tests.support.verifiers import RULES, accepted, verifier

FORGE = Forge()
Patch = pytest.MonkeyPatch


@cache
def table() -> dict[str, str]:
    """Every attack, made once."""
    return {attack.name: attack.make(FORGE) for attack in ATTACKS}


def let_in(rules: Rules = RULES) -> set[str]:
    """The rows that the verifier, as it is now, accepts."""
    by = verifier(FORGE, rules)
    return {name for name, token in table().items() if accepted(by, token)}


def mapping(patch: Patch, of: Any) -> None:
    """Replace the issuers' keys by what `of` makes of an issuer's name."""
    monkeyed = SimpleNamespace(get=of)
    make = Verifier.__init__

    def init(self: Verifier, rules: Rules, _: Any, clock: Callable[[], float]) -> None:
        make(self, rules, monkeyed, clock)  # type: ignore[arg-type]

    patch.setattr(Verifier, "__init__", init)


def time_of(patch: Patch, name: str, instead: Callable[[Any], Any]) -> None:
    """Read one of the times otherwise."""
    read = tokens._time
    patch.setattr(
        tokens,
        "_time",
        lambda claims, each: instead(claims) if each == name else read(claims, each),
    )


def without_member(patch: Patch, name: str) -> None:
    """Overlook a member of a key."""
    read = signatures.public_keys
    patch.setattr(
        keys,
        "public_keys",
        lambda entry: read({each: value for each, value in entry.items() if each != name}),
    )


def lenient_decode(patch: Patch) -> None:
    patch.setattr(compact, "_decode", lambda part: urlsafe_b64decode(part + "=="))


def padding_allowed(patch: Patch) -> None:
    lenient_decode(patch)
    some = "([A-Za-z0-9_=-]+)"
    patch.setattr(compact, "_FORM", re.compile(rf"{some}\.{some}\.{some}"))


def standard_alphabet_allowed(patch: Patch) -> None:
    some = "([A-Za-z0-9_+/-]+)"
    patch.setattr(compact, "_FORM", re.compile(rf"{some}\.{some}\.{some}"))
    patch.setattr(
        compact,
        "_decode",
        lambda part: urlsafe_b64decode(part.replace("+", "-").replace("/", "_") + "=="),
    )


def form_ends_at_a_line(patch: Patch) -> None:
    patch.setattr(
        compact, "_FORM", SimpleNamespace(fullmatch=re.compile(compact._FORM.pattern + "$").match)
    )


def stripped(patch: Patch) -> None:
    take = compact.take_apart
    patch.setattr(compact, "take_apart", lambda token: take(token.strip()))


def signature_optional(patch: Patch) -> None:
    some = "([A-Za-z0-9_-]+)"
    patch.setattr(compact, "_FORM", re.compile(rf"{some}\.{some}\.([A-Za-z0-9_-]*)"))
    verify = PublicKey.verify
    patch.setattr(
        PublicKey, "verify", lambda self, text, proof: not proof or verify(self, text, proof)
    )


def any_signature(patch: Patch) -> None:
    patch.setattr(PublicKey, "verify", lambda self, text, proof: True)


def der_signature(patch: Patch) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    def verify(self: PublicKey, text: bytes, proof: bytes) -> bool:
        self._key.prepared_key.verify(proof, text, ec.ECDSA(hashes.SHA256()))
        return True

    patch.setattr(PublicKey, "verify", verify)


def secret_in_place_of_key(patch: Patch) -> None:
    """What PyJWT and jose did: the header says HMAC, so the key is a secret."""
    choose = KeySet.choose
    hmac = mac(public_forms(rsa_key("rsa"))["PEM"])

    def confused(self: KeySet, key_id: str | None, algorithm: str) -> Any:
        if algorithm == "HS256":
            return SimpleNamespace(verify=lambda text, proof: hmac(text) == proof)
        return choose(self, key_id, algorithm)

    patch.setattr(KeySet, "choose", confused)
    patch.setattr(tokens, "_algorithm", lambda header, rules: header.get("alg"))


def algorithm_of_the_token(patch: Patch) -> None:
    """The list is the token's own, and `none` needs no key."""
    choose = KeySet.choose

    def trusting(self: KeySet, key_id: str | None, algorithm: str) -> Any:
        if str(algorithm).lower() == "none":
            return SimpleNamespace(verify=lambda text, proof: True)
        return choose(self, key_id, algorithm)

    patch.setattr(KeySet, "choose", trusting)
    patch.setattr(tokens, "_algorithm", lambda header, rules: header.get("alg"))


def algorithm_ignored(patch: Patch) -> None:
    def by_name(self: KeySet, key_id: str | None, algorithm: str) -> PublicKey:
        return next(key for key in self._keys if key.key_id == key_id)

    patch.setattr(KeySet, "choose", by_name)
    patch.setattr(tokens, "_algorithm", lambda header, rules: "RS256")


def kid_ignored(patch: Patch) -> None:
    def first(self: KeySet, key_id: str | None, algorithm: str) -> PublicKey:
        return next(key for key in self._keys if key.algorithm == algorithm)

    patch.setattr(KeySet, "choose", first)


def any_fitting_key(patch: Patch) -> None:
    """As jose has it with a set: whichever of its keys fits."""

    def every(self: KeySet, key_id: str | None, algorithm: str) -> Any:
        return SimpleNamespace(
            verify=lambda text, proof: any(
                key.verify(text, proof) for key in self._keys if key.algorithm == algorithm
            )
        )

    patch.setattr(KeySet, "choose", every)


def first_of_a_name(patch: Patch) -> None:
    def first(self: KeySet, key_id: str | None, algorithm: str) -> PublicKey:
        fitting = [key for key in self._keys if (key.key_id, key.algorithm) == (key_id, algorithm)]
        if not fitting:
            raise Refused("no key")
        return fitting[0]

    patch.setattr(KeySet, "choose", first)


def odd_kid_is_none(patch: Patch) -> None:
    patch.setattr(tokens, "_key_id", lambda header: header.get("kid") or None)


def issuer_unchecked(patch: Patch) -> None:
    all_keys = KeySet.read(key_set())
    mapping(patch, lambda issuer: all_keys)


def issuer_by_its_beginning(patch: Patch) -> None:
    own = KeySet.read(key_set())
    mapping(patch, lambda issuer: own if issuer.startswith(FORGE.issuer) else None)


def one_pool_of_keys(patch: Patch) -> None:
    pool = KeySet.read({"keys": key_set()["keys"] + other_key_set()["keys"][1:]})
    known = {FORGE.issuer, FORGE.other}
    mapping(patch, lambda issuer: pool if issuer in known else None)


def audience_within(patch: Patch) -> None:
    def check(claims: Any, wanted: frozenset[str]) -> None:
        if not any(each in str(claims.get("aud")) for each in wanted):
            raise Refused("another")

    patch.setattr(tokens, "_check_audience", check)


def audience_optional(patch: Patch) -> None:
    check = tokens._check_audience
    patch.setattr(
        tokens,
        "_check_audience",
        lambda claims, wanted: "aud" not in claims or check(claims, wanted),
    )


def client_id_of_any_token(patch: Patch) -> None:
    check = tokens._check_audience

    def either(claims: Any, wanted: frozenset[str]) -> None:
        if claims.get("client_id") not in wanted:
            check(claims, wanted)

    patch.setattr(tokens, "_check_audience", either)


def token_use_ignored(patch: Patch) -> None:
    check = tokens._check_audience
    patch.setattr(
        tokens,
        "_check_audience",
        lambda claims, wanted: check({**claims, "token_use": "id"}, wanted),
    )


def decoder(patch: Patch, **options: Any) -> None:
    """Read JSON with less care."""
    careful: dict[str, Any] = {
        "object_pairs_hook": strict_json._unique,
        "parse_float": strict_json._finite,
        "parse_constant": strict_json._refuse_constant,
    }
    patch.setattr(strict_json, "_DECODER", json.JSONDecoder(**{**careful, **options}))


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is changed, and a row that gets in by it."""

    name: str
    change: Callable[[Patch], object]
    row: str


MUTANTS = [
    # Named by the issue
    Mutant("no aud check", lambda p: p.setattr(tokens, "_check_audience", len_of), "no audience"),
    Mutant("kid ignored", kid_ignored, "a kid that nobody knows"),
    Mutant(
        "crit ignored",
        lambda p: p.setattr(
            tokens, "FORBIDDEN_HEADERS", tuple(set(tokens.FORBIDDEN_HEADERS) - {"crit"})
        ),
        "crit ['unheard-of']",
    ),
    Mutant("algorithm list from the token", algorithm_of_the_token, "alg none, yet signed"),
    Mutant(
        "exp optional",
        lambda p: time_of(p, "exp", lambda claims: claims.get("exp", 1e10)),
        "no expiry",
    ),
    # Signatures, algorithms and keys
    Mutant("any signature", any_signature, "signed by a stranger"),
    Mutant("no signature will do", signature_optional, "no signature"),
    Mutant("DER taken", der_signature, "ES256 in DER"),
    Mutant(
        "a public key taken for a secret",
        secret_in_place_of_key,
        "HS256 with the public key as PEM",
    ),
    Mutant("algorithm ignored", algorithm_ignored, "alg left out, yet signed"),
    Mutant("any key that fits", any_fitting_key, "kid of another key"),
    Mutant(
        "the first of two keys of a name", first_of_a_name, "kid twice in the set, the first signs"
    ),
    Mutant("an odd kid is as none", odd_kid_is_none, "kid None where one key would fit"),
    Mutant("use ignored", lambda p: without_member(p, "use"), "a key for encryption"),
    Mutant("key_ops ignored", lambda p: without_member(p, "key_ops"), "key_ops without verify"),
    Mutant("a key's alg ignored", lambda p: without_member(p, "alg"), "RS512 by a key for RS256"),
    Mutant(
        "RSA of any size",
        lambda p: p.setattr(signatures, "RSA_BITS", range(9999)),
        "RSA of 1,024 bits",
    ),
    Mutant(
        "a curve with any algorithm",
        lambda p: p.setattr(
            signatures,
            "CURVE_ALGORITHMS",
            {"P-256": ("ES256", "ES384"), "P-384": ("ES256", "ES384")},
        ),
        "ES256 on P-384",
    ),
    *(
        Mutant(
            f"{header} ignored",
            lambda p, header=header: p.setattr(  # type: ignore[misc]
                tokens, "FORBIDDEN_HEADERS", tuple(set(tokens.FORBIDDEN_HEADERS) - {header})
            ),
            row,
        )
        for header, row in {
            "b64": "b64 false, not critical",
            "jku": "jku",
            "x5u": "x5u",
            "x5c": "x5c",
            "jwk": "the right key as its own",
            "zip": "zip",
            "enc": "enc",
        }.items()
    ),
    Mutant(
        "typ ignored",
        lambda p: p.setattr(tokens, "_type", lambda header: "jwt"),
        "typ 'logout+jwt'",
    ),
    Mutant(
        "an odd typ is as none",
        lambda p: p.setattr(tokens, "_type", lambda header: header.get("typ") or ""),
        "typ None",
    ),
    Mutant(
        "typ by its end",
        lambda p: p.setattr(
            tokens, "_type", lambda header: str(header.get("typ")).rpartition("/")[2].lower()
        ),
        "typ 'application/application/jwt'",
    ),
    # Claims
    Mutant("iss unchecked", issuer_unchecked, "another issuer"),
    Mutant("iss by its beginning", issuer_by_its_beginning, "issuer and more"),
    Mutant("one pool of keys", one_pool_of_keys, "this issuer's name, a kid of the other one"),
    Mutant("aud by a part of it", audience_within, "audience 'parley.evil'"),
    Mutant("aud optional", audience_optional, "no audience"),
    Mutant(
        "client_id in place of any aud",
        client_id_of_any_token,
        "an access token with another audience",
    ),
    Mutant("token_use ignored", token_use_ignored, "token_use 'refresh'"),
    Mutant("exp unchecked", lambda p: time_of(p, "exp", lambda claims: 1e10), "expired yesterday"),
    Mutant(
        "nbf ignored",
        lambda p: time_of(p, "nbf", lambda claims: None),
        "not before a year from now",
    ),
    Mutant("iat ignored", lambda p: time_of(p, "iat", lambda claims: None), "issued tomorrow"),
    Mutant(
        "five minutes of leeway",
        lambda p: p.setattr(tokens, "LEEWAY_SECONDS", 300),
        "issued in the next minute",
    ),
    Mutant(
        "a time without end",
        lambda p: p.setattr(tokens, "LAST_SECOND", 10**21),
        "expiry 100000000000000000000",
    ),
    Mutant(
        "times as text",
        lambda p: time_of(p, "exp", lambda claims: float(claims["exp"])),
        "expiry '1900000000'",
    ),
    Mutant(
        "sub unchecked",
        lambda p: p.setattr(tokens, "_subject", lambda claims: str(claims.get("sub"))),
        "no subject",
    ),
    Mutant(
        "sub of any length",
        lambda p: p.setattr(tokens, "MAX_SUBJECT_CHARACTERS", 9999),
        f"subject {'a' * 256!r:.30}",
    ),
    # Form
    Mutant("canonical base64 unchecked", lenient_decode, "signature with spare bits set"),
    Mutant("padding taken", padding_allowed, "padded signature"),
    Mutant(
        "the standard alphabet taken",
        standard_alphabet_allowed,
        "standard alphabet in the signature",
    ),
    Mutant("the form ends at a line's end", form_ends_at_a_line, "a newline after"),
    Mutant("white space stripped", stripped, "a space after"),
    Mutant(
        "of any length", lambda p: p.setattr(compact, "MAX_CHARACTERS", 10**6), "4,097 characters"
    ),
    Mutant("names may stand twice", lambda p: decoder(p, object_pairs_hook=None), "aud twice"),
    Mutant("numbers without end", lambda p: decoder(p, parse_float=None), "1e999 among the claims"),
    Mutant("NaN is a number", lambda p: decoder(p, parse_constant=None), "NaN among the claims"),
    Mutant(
        "as deep as it likes", lambda p: p.setattr(strict_json, "MAX_DEPTH", 900), "nested 100 deep"
    ),
    Mutant(
        "JSON in any encoding",
        lambda p: p.setattr(strict_json, "read", json.loads),
        "claims in UTF-16",
    ),
]


def len_of(*arguments: Any) -> int:
    """Checks nothing."""
    return len(arguments)


def test_the_verifier_as_it_is_lets_no_row_in() -> None:
    assert let_in() == set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_mutant_is_detected(mutant: Mutant, monkeypatch: Patch) -> None:
    assert mutant.row in table()
    mutant.change(monkeypatch)
    assert mutant.row in let_in()


def test_a_mutant_whose_list_of_algorithms_is_the_tokens_own_takes_what_is_not_listed(
    monkeypatch: Patch,
) -> None:
    """And so fails test_an_algorithm_that_is_not_listed_is_refused."""
    only = replace(RULES, algorithms=frozenset({"ES256"}))
    assert not accepted(verifier(FORGE, only), FORGE.token())
    algorithm_of_the_token(monkeypatch)
    assert accepted(verifier(FORGE, only), FORGE.token())
