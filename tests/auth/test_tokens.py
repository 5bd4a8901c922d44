"""Rows 1 and 2: whatever is wrong with a token, it is refused, and no other way but by Refused."""

import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from auth.principal import Kind, Refused
from tests.auth.attacks import ATTACKS, GOOD
from tests.auth.row import Attack, Good
from tests.support.soak import times
from tests.support.tokens import GONE, Forge
from tests.support.verifiers import RULES, accepted, verifier

FORGE = Forge()
VERIFIER = verifier(FORGE)
TOKENS = [FORGE.token(), FORGE.es256()]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
WINDOW = 8
"""So many characters of a token, one after the other, tell something of it."""


def said_of(token: str) -> str:
    """Why it is refused."""
    with pytest.raises(Refused) as refused:
        VERIFIER.verify(token)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


def words(token: str) -> set[str]:
    """What a token's parts hold, as far as they can be read."""
    found: set[str] = set()
    for part in token.split("."):
        try:
            _gather(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))), found)
        except (ValueError, RecursionError):
            continue
    return found


def _gather(value: Any, found: set[str]) -> None:
    if isinstance(value, str):
        found.add(value)
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            _gather(each, found)


def test_the_table_is_as_long_as_it_must_be() -> None:
    names = [each.name for each in ATTACKS]
    assert len(names) == len(set(names))
    assert len(names) >= 300


@pytest.mark.row(1)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.name)
def test_a_token_with_anything_wrong_is_refused(attack: Attack) -> None:
    token = attack.make(FORGE)
    reason = said_of(token)
    assert "on the way" not in reason, "refused by a check, not by an accident"
    assert not any(
        token[start : start + WINDOW] in reason for start in range(len(token) - WINDOW + 1)
    )
    assert not any(len(word) > 3 and word in reason for word in words(token))


@pytest.mark.parametrize("good", GOOD, ids=lambda each: each.name)
def test_a_good_token_says_who_it_is_and_for_how_long(good: Good) -> None:
    principal = VERIFIER.verify(good.make(FORGE))
    issuer = "login.example.org" if good.of_other else "id.example.com/tenant"
    assert principal.user_id == f"user:{issuer}:{good.sub}"
    assert principal.expires_at == FORGE.now + good.lifetime
    assert principal.kind is Kind.USER


@pytest.mark.parametrize("name", sorted(RULES.algorithms))
def test_an_algorithm_that_is_not_listed_is_refused(name: str) -> None:
    others = replace(RULES, algorithms=RULES.algorithms - {name})
    good = next(each for each in GOOD if each.name == name).make(FORGE)
    assert accepted(verifier(FORGE), good)
    assert not accepted(verifier(FORGE, others), good)


@pytest.mark.parametrize("typ", [GONE, "JWT", "at+jwt"])
def test_a_typ_that_is_not_listed_is_refused(typ: Any) -> None:
    own = "" if typ is GONE else typ.lower()
    token = FORGE.token(header={"typ": typ})
    assert accepted(verifier(FORGE, replace(RULES, types=frozenset({own}))), token)
    assert not accepted(verifier(FORGE, replace(RULES, types=RULES.types - {own})), token)


def test_an_issuer_on_this_machine_is_told_from_every_other() -> None:
    """Its scheme and its port are part of who it is."""
    forge = Forge(issuer="http://127.0.0.1:9000")
    assert verifier(forge).verify(forge.token()).user_id == "user:http%3A//127.0.0.1%3A9000:ana"


@pytest.mark.parametrize("seconds", [0, 1, 3599, 3599.75])
def test_a_token_is_good_until_its_expiry(seconds: float) -> None:
    later = Forge(clock=lambda: FORGE.clock() + seconds)
    token = FORGE.token({"exp": FORGE.now + 3601})
    assert accepted(verifier(later), token)


@pytest.mark.parametrize("seconds", [3600.75, 3601, 3630, 10**6])
def test_and_not_a_moment_longer(seconds: float) -> None:
    later = Forge(clock=lambda: FORGE.clock() + seconds)
    assert not accepted(verifier(later), FORGE.token({"exp": FORGE.now + 3601}))


@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize(
    ("seconds", "wanted"), [(-300, True), (30, True), (31, False), (300, False)]
)
def test_an_issuers_clock_may_be_half_a_minute_ahead(
    claim: str, seconds: int, wanted: bool
) -> None:
    """Row 6: and as far behind as it likes."""
    assert accepted(VERIFIER, FORGE.token({claim: FORGE.now + seconds})) is wanted


def _bend(draw: st.DrawFn, token: str) -> str:
    at = draw(st.integers(0, len(token) - 1))
    kind = draw(st.sampled_from(["put", "insert", "delete", "case", "cut", "swap", "repeat"]))
    some = draw(st.sampled_from(ALPHABET + ".= \n\t\0+/%é"))
    if kind == "put":
        return token[:at] + some + token[at + 1 :]
    if kind == "insert":
        return token[:at] + some + token[at:]
    if kind == "delete":
        return token[:at] + token[at + 1 + draw(st.integers(0, 8)) :]
    if kind == "case":
        return token[:at] + token[at].swapcase() + token[at + 1 :]
    if kind == "cut":
        return token[:at]
    if kind == "repeat":
        return token[:at] + token[at:] * 2
    parts = draw(st.permutations(token.split(".") + draw(st.sampled_from(TOKENS)).split(".")))
    return ".".join(parts[: draw(st.integers(1, 5))])


@st.composite
def bent(draw: st.DrawFn) -> str:
    """A good token, changed in up to three places."""
    token = draw(st.sampled_from(TOKENS))
    for _ in range(draw(st.integers(1, 3))):
        token = _bend(draw, token) or "."
    return token


@pytest.mark.row(2, times(500, 10_000))
@settings(max_examples=times(500, 10_000), deadline=None)
@given(bent())
def test_a_token_that_is_changed_anywhere_is_refused(token: str) -> None:
    assert token in TOKENS or said_of(token)


@settings(max_examples=times(300, 10_000), deadline=None)
@given(st.text())
@example("\ud800")
@example("..")
@example("0" * 100_000)
def test_no_text_at_all_breaks_the_verifier(text: str) -> None:
    assert said_of(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=5,
)
MATTERS = ("iss", "aud", "exp", "sub", "nbf", "iat", "client_id", "token_use")


@settings(max_examples=times(500, 10_000), deadline=None)
@given(name=st.sampled_from(MATTERS), value=JSON)
def test_a_claim_of_any_kind_is_taken_only_if_it_is_what_it_must_be(name: str, value: Any) -> None:
    token = FORGE.token({name: value})
    if not accepted(VERIFIER, token):
        assert "on the way" not in said_of(token)
        return
    principal = VERIFIER.verify(token)
    assert principal.user_id.startswith("user:id.example.com/tenant:")
    assert principal.expires_at is not None
    assert FORGE.now <= principal.expires_at < 10**12


@settings(max_examples=times(500, 10_000), deadline=None)
@given(name=st.sampled_from(["alg", "typ", "kid", "crit", "jku", "jwk", "zip"]), value=JSON)
def test_a_header_of_any_other_kind_is_refused(name: str, value: Any) -> None:
    assume(not isinstance(value, str) or value.lower() not in ("rs256", "jwt", "at+jwt", "rsa"))
    reason = said_of(FORGE.token(header={name: value}))
    assert "on the way" not in reason


@settings(max_examples=times(300, 10_000), deadline=None)
@given(header=st.binary(max_size=80), claims=st.binary(max_size=80), signature=st.binary())
def test_any_bytes_in_the_right_form_are_refused(
    header: bytes, claims: bytes, signature: bytes
) -> None:
    reason = said_of(FORGE.raw(header, claims, lambda text: signature))
    assert "on the way" not in reason
