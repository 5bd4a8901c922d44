"""Who may open a connection, and with what."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth import policy
from auth.door import Door
from auth.guests import is_guest_credential
from auth.handshake import Handshake
from auth.principal import Kind, Principal, Refused, is_signed_in
from tests.support.origins import ORIGIN, OTHERS
from tests.support.soak import times
from tests.support.tokens import Forge
from tests.support.verifiers import verifier

GUEST = "7f1c0d52-8a3e-4b6f-9c1d-0123456789ab"
OTHER = "11111111-2222-4333-8444-555555555555"


def a_handshake(query: dict[str, str] | None = None, **headers: str) -> Handshake:
    """A handshake with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Handshake(headers=named, query=query or {})


def offering(protocols: str) -> Handshake:
    """A browser's handshake."""
    return a_handshake(sec_websocket_protocol=protocols)


def admitted(handshake: Handshake, **door: Any) -> str | None:
    """Who gets in, if anyone does."""
    try:
        return Door(**{"guests": True, **door}).admit(handshake).user_id
    except Refused:
        return None


def user(credential: str) -> str:
    """The user behind a credential."""
    found = admitted(a_handshake(authorization=f"Bearer {credential}"))
    assert found
    return found


WAYS: dict[str, tuple[Handshake, str | None]] = {
    "bearer": (a_handshake(authorization=f"Bearer {GUEST}"), None),
    "bearer in another case": (a_handshake(authorization=f"bEARER   {GUEST} "), None),
    "offered after chat.v1": (offering(f"chat.v1, {GUEST}"), "chat.v1"),
    "offered before chat.v1": (offering(f"{GUEST},chat.v1"), "chat.v1"),
    "offered alone": (offering(GUEST), GUEST),
    "offered in upper case": (offering(GUEST.upper()), GUEST.upper()),
    "offered with spaces": (offering(f"  chat.v1  ,\t{GUEST}  "), "chat.v1"),
    "offered with empty places": (offering(f",,chat.v1,,{GUEST},"), "chat.v1"),
    "offered doubled": (offering(f"chat.v1, chat.v1, {GUEST}, {GUEST}"), "chat.v1"),
    "the first of fifty": (offering(", ".join(["chat.v1", GUEST, *["x"] * 48])), "chat.v1"),
    "query token": (a_handshake({"token": GUEST}), None),
    "query userId": (a_handshake({"userId": GUEST}), None),
    "query with chat.v1": (
        a_handshake({"userId": GUEST}, sec_websocket_protocol="chat.v1"),
        "chat.v1",
    ),
    "the header goes before all": (
        a_handshake(
            {"token": OTHER}, authorization=f"Bearer {GUEST}", sec_websocket_protocol="chat.v1"
        ),
        "chat.v1",
    ),
    "the offer goes before the query": (
        a_handshake({"token": OTHER}, sec_websocket_protocol=f"chat.v1, {GUEST}"),
        "chat.v1",
    ),
    "an empty header is as none": (
        a_handshake(authorization="Bearer ", sec_websocket_protocol=f"chat.v1, {GUEST}"),
        "chat.v1",
    ),
    "another scheme is as none": (
        a_handshake({"token": GUEST}, authorization="Basic dXNlcg=="),
        None,
    ),
    "token goes before userId": (a_handshake({"userId": OTHER, "token": GUEST}), None),
    "an empty token is as none": (a_handshake({"token": "", "userId": GUEST}), None),
}

REFUSED = {
    "nothing": a_handshake(),
    "chat.v1 alone": offering("chat.v1"),
    "empty offers": offering(", ,"),
    "the first of the others is no credential": offering(f"chat.v1, x, {GUEST}"),
    "a bad header before a good offer": a_handshake(
        authorization="Bearer nonsense", sec_websocket_protocol=f"chat.v1, {GUEST}"
    ),
    "an empty query": a_handshake({"token": "", "userId": ""}),
}

WEAK = [
    "",
    " ",
    "ana",
    "chat.v1",
    "1",
    "x" * 10_000,
    GUEST[:-1],
    GUEST + "0",
    GUEST.replace("-", ""),
    "{" + GUEST + "}",
    "urn:uuid:" + GUEST,
    GUEST + "\n",
    " " + GUEST,
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "7f1c0d52-8a3e-1b6f-9c1d-0123456789ab",  # version 1: time and place
    "7f1c0d52-8a3e-3b6f-9c1d-0123456789ab",  # version 3: a name's hash
    "7f1c0d52-8a3e-5b6f-9c1d-0123456789ab",  # version 5: a name's hash
    "7f1c0d52-8a3e-7b6f-9c1d-0123456789ab",  # version 7: mostly time
    "7f1c0d52-8a3e-4b6f-cc1d-0123456789ab",  # another variant
    "7f1c0d52-8a3e-4b6f-7c1d-0123456789ab",  # another variant
    "7f1c0d52-8a3e-4b6f-9c1d-0123456789ag",
    "７f1c0d52-8a3e-4b6f-9c1d-0123456789ab",  # a wide digit
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEifQ.",
]


@pytest.mark.parametrize(("handshake", "answered"), WAYS.values(), ids=list(WAYS))
def test_a_credential_is_found_wherever_it_may_lie(
    handshake: Handshake, answered: str | None
) -> None:
    assert admitted(handshake) == user(GUEST)
    assert handshake.answered_subprotocol == answered
    assert answered is None or answered in handshake.offers


@pytest.mark.parametrize("handshake", REFUSED.values(), ids=list(REFUSED))
def test_without_a_credential_in_its_place_nobody_gets_in(handshake: Handshake) -> None:
    assert admitted(handshake) is None


@pytest.mark.parametrize("credential", WEAK, ids=lambda credential: repr(credential[:40]))
def test_nothing_weaker_than_a_random_uuid_is_taken(credential: str) -> None:
    assert not is_guest_credential(credential)
    query = a_handshake({"token": credential})
    assert admitted(query) is None
    assert admitted(a_handshake(authorization=f"Bearer {credential}x")) is None


@settings(max_examples=times(200, 20_000), deadline=None)
@given(st.uuids(version=4), st.booleans())
def test_any_random_uuid_is_a_guest_in_either_case(credential: Any, upper: bool) -> None:
    written = str(credential).upper() if upper else str(credential)
    assert user(written) == user(str(credential))


@settings(max_examples=times(200, 20_000), deadline=None)
@given(st.text(), st.text(), st.text())
def test_whatever_a_stranger_sends_is_refused_and_never_breaks(
    header: str, offer: str, token: str
) -> None:
    query = {"token": token, "userId": header}
    knock = a_handshake(query, authorization=header, sec_websocket_protocol=offer)
    assert admitted(knock) is None
    assert knock.answered_subprotocol is None or knock.answered_subprotocol in knock.offers


def test_a_guest_is_known_by_a_hash_that_does_not_give_the_secret_away() -> None:
    assert user(GUEST).startswith("guest:")
    assert len(user(GUEST)) == len("guest:") + 64
    assert GUEST not in user(GUEST)
    assert user(GUEST) != user(OTHER)


def test_where_guests_are_off_none_gets_in() -> None:
    with pytest.raises(Refused) as refused:
        Door(guests=False).admit(offering(f"chat.v1, {GUEST}"))
    assert GUEST not in str(refused.value)


FORGE = Forge()
SIGNED_IN = "user:id.example.com/tenant:ana"


@pytest.mark.parametrize("guests", [True, False])
def test_who_brings_a_token_is_a_user_wherever_it_lies(guests: bool) -> None:
    token = FORGE.token()
    for handshake in (
        a_handshake(authorization=f"Bearer {token}"),
        offering(f"chat.v1, {token}"),
        offering(token),
        a_handshake({"token": token}),
        a_handshake({"token": GUEST}, authorization=f"Bearer {token}"),
    ):
        assert admitted(handshake, guests=guests, tokens=verifier(FORGE)) == SIGNED_IN


def test_guests_come_beside_users_where_it_is_said() -> None:
    assert admitted(offering(GUEST), tokens=verifier(FORGE)) == user(GUEST)
    assert admitted(offering(GUEST), guests=False, tokens=verifier(FORGE)) is None


def test_a_bad_token_makes_no_guest_of_anybody() -> None:
    expired = FORGE.token({"exp": 1})
    handshake = a_handshake({"token": GUEST}, sec_websocket_protocol=f"chat.v1, {expired}")
    assert admitted(handshake, tokens=verifier(FORGE)) is None


def test_without_an_issuer_no_token_is_taken() -> None:
    assert admitted(offering(FORGE.token())) is None


ORIGINS = frozenset({ORIGIN, "http://localhost:8080"})


@pytest.mark.parametrize("origin", sorted(ORIGINS))
def test_a_listed_origin_gets_in(origin: str) -> None:
    handshake = a_handshake(sec_websocket_protocol=GUEST, origin=origin)
    assert admitted(handshake, allowed_origins=ORIGINS)


def test_a_native_app_that_sends_no_origin_gets_in_where_it_is_said() -> None:
    assert admitted(offering(GUEST), allowed_origins=ORIGINS) is None
    assert admitted(offering(GUEST), allowed_origins=ORIGINS, absent_origin=True)
    assert admitted(offering(GUEST))


@pytest.mark.row(7)
@pytest.mark.parametrize(
    "origin",
    [*OTHERS, " https://chat.example.com"],
)
def test_any_other_origin_is_refused_where_there_is_a_list(origin: str) -> None:
    handshake = a_handshake(sec_websocket_protocol=GUEST, origin=origin)
    assert admitted(handshake, allowed_origins=ORIGINS) is None
    assert admitted(handshake)


def test_the_policy_lets_in_to_every_route_of_the_stage_and_nothing_else() -> None:
    arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef/prod/$connect"
    allowed = policy.allow(Principal("guest:x", Kind.GUEST, expires_at=123), arn)
    assert allowed == {
        "principalId": "guest:x",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": "arn:aws:execute-api:eu-west-1:123456789012:abcdef/prod/*",
                }
            ],
        },
        "context": {"userId": "guest:x", "kind": "guest", "expiresAt": "123"},
    }
    assert "expiresAt" not in policy.allow(Principal("guest:x", Kind.GUEST), arn)["context"]


def test_the_context_holds_strings_alone() -> None:
    """API Gateway answers a nested value with 500."""
    context = policy.allow(Principal("guest:x", Kind.GUEST, 5), "a/b/$connect")["context"]
    assert {type(value) for value in context.values()} == {str}


def test_a_refusal_says_deny_and_carries_no_one() -> None:
    denied = policy.deny("arn:aws:execute-api:r:1:api/prod/$connect")
    (statement,) = denied["policyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert "context" not in denied


@given(st.uuids(version=4))
def test_no_guest_is_taken_for_signed_in(credential: Any) -> None:
    assert not is_signed_in(user(str(credential)))
    assert is_signed_in("user:id.example:eva")
