"""Rows 1, 7 and 8 by real handshakes: every attack in every place, origins, subprotocols."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.auth.attacks import ATTACKS, GOOD
from tests.auth.row import HEADER, OFFER, PLACES, QUERY, Attack, Good
from tests.e2e.product import Product
from tests.support.credentials import using
from tests.support.key_server import DISCOVERY, KEYS, KeyServer
from tests.support.knocking import (
    MAX_URL_LENGTH,
    Answer,
    Request,
    by_header,
    by_offer,
    by_query,
    knock,
)
from tests.support.origins import ORIGIN, OTHERS
from tests.support.tokens import CLIENT_ID, Forge, key_set, other_key_set

AT_ONCE = 4
WAYS: dict[str, Callable[[str], Request]] = {HEADER: by_header, OFFER: by_offer, QUERY: by_query}
ORIGINS = f"{ORIGIN},http://localhost:8080"
ODD_ORIGINS = [*OTHERS, "file://"]


@pytest.fixture(scope="module")
def key_server() -> Iterator[KeyServer]:
    running = KeyServer()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def forge(key_server: KeyServer) -> Forge:
    return Forge(
        issuer=key_server.issuer("tenant", key_set()),
        other=key_server.issuer("other", other_key_set()),
        clock=time.time,
    )


def started(directory: Path, **parameters: str) -> Product:
    """A product with these parameters."""
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    bot = "BotClass=bots.echo:Echo"
    product = Product(directory, ["--no-reload", "--parameter-overrides", bot, *overrides])
    product.start()
    return product


def with_issuers(forge: Forge) -> dict[str, str]:
    """Parameters of a product that trusts the forge's issuers, by discovery."""
    return {
        "JwtIssuers": f"{forge.issuer},{forge.other}",
        "JwtAudiences": f"parley,{CLIENT_ID}",
    }


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, forge: Forge) -> Iterator[Product]:
    """It takes tokens, and GuestAccess is as it is where nothing is said."""
    running = started(tmp_path_factory.mktemp("tokens"), **with_issuers(forge))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def choosy(tmp_path_factory: pytest.TempPathFactory, forge: Forge) -> Iterator[Product]:
    """It takes guests as well, and browsers from two origins alone."""
    running = started(
        tmp_path_factory.mktemp("choosy"),
        GuestAccess="enabled",
        AllowedOrigins=ORIGINS,
        **with_issuers(forge),
    )
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory, forge: Forge) -> Iterator[Product]:
    """As the choosy one, but native apps may come."""
    running = started(
        tmp_path_factory.mktemp("native"),
        GuestAccess="enabled",
        AllowedOrigins=ORIGINS,
        AbsentOrigin="allowed",
        **with_issuers(forge),
    )
    yield running
    assert running.stop() == 0


def asked(product: Product, request: Request) -> Answer:
    """How one handshake ends."""
    return asyncio.run(knock(product.port, *request))


def guest() -> str:
    """A new guest's id."""
    return using(str(uuid.uuid4()))


def refusals(way: str, credential: str, request: Request) -> set[int]:
    """How a handshake may be refused.

    Two things never reach the authorizer: the local HTTP parser answers control characters in a
    header with 400, and the gateway an address of over 4,096 characters with 414.
    """
    if way == QUERY:
        return {414} if len(request[0]) > MAX_URL_LENGTH else {401, 403}
    unprintable = any(character < " " or character == "\x7f" for character in credential)
    return {400} if unprintable else {401, 403}


@pytest.mark.parametrize("way", sorted(PLACES))
def test_every_attack_is_refused_in_every_place(product: Product, forge: Forge, way: str) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def attacked(attack: Attack) -> str | None:
        token = using(attack.make(forge))
        request = WAYS[way](token)
        async with gate:
            answer = await knock(product.port, *request)
        refused = answer.status in refusals(way, token, request)
        return None if refused and not answer.subprotocols else f"{attack.name}: {answer.status}"

    async def scenario() -> list[str | None]:
        return await asyncio.gather(*(attacked(each) for each in ATTACKS if way in each.places))

    outcomes = asyncio.run(scenario())
    assert len(outcomes) >= 300
    assert [each for each in outcomes if each] == []


@pytest.mark.parametrize("way", sorted(PLACES))
@pytest.mark.parametrize("good", GOOD, ids=lambda each: each.name)
def test_a_good_token_gets_in_by_every_way_and_is_not_told(
    product: Product, forge: Forge, good: Good, way: str
) -> None:
    """And so after the storm: the next good client is served."""
    token = using(good.make(forge))
    request = WAYS[way](token)
    answer = asked(product, request)
    assert answer.status == (414 if len(request[0]) > MAX_URL_LENGTH else 101)
    assert answer.subprotocols == (["chat.v1"] if answer.status == 101 else [])
    assert token.encode() not in answer.head


@pytest.mark.parametrize("way", sorted(PLACES))
def test_a_signed_in_user_talks_whichever_way_the_token_came(
    product: Product, forge: Forge, way: str
) -> None:
    token = using(forge.token({"groups": [f"group-{number}" for number in range(150)]}))
    assert 3_000 < len(token) < 4_000
    ways: dict[str, dict[str, Any]] = {
        HEADER: {"headers": {"Authorization": f"Bearer {token}"}},
        OFFER: {"protocols": ("chat.v1", token)},
        QUERY: {"params": {"token": token}, "protocols": ("chat.v1",)},
    }

    async def scenario() -> int:
        conversation = uuid.uuid4().hex
        async with product.client(token, **ways[way]) as client:
            await client.say("hello", conversationId=conversation)
        async with product.client(forge.es256()) as client:
            return len(await client.log(conversation))

    assert asyncio.run(scenario()) == 1, "the same user by another token"


def test_nobody_sees_what_the_other_issuers_user_of_that_name_said(
    product: Product, forge: Forge
) -> None:
    other = next(each for each in GOOD if each.of_other).make(forge)

    async def scenario() -> int:
        conversation = uuid.uuid4().hex
        async with product.client(using(forge.token())) as client:
            await client.say("mine", conversationId=conversation)
        async with product.client(using(other)) as client:
            return len(await client.log(conversation))

    assert asyncio.run(scenario()) == 0


@pytest.mark.parametrize("way", sorted(PLACES))
def test_where_an_issuer_is_set_guests_are_refused_unless_it_is_said(
    product: Product, choosy: Product, way: str
) -> None:
    target, headers = WAYS[way](guest())
    from_there = (target, [*headers, ("Origin", ORIGIN.encode())])
    assert asked(product, from_there).status == 403
    assert asked(choosy, from_there).status == 101


def test_where_guests_are_let_in_beside_users_each_is_who_it_is(
    choosy: Product, forge: Forge
) -> None:
    for credential in (forge.token(), forge.es256(), guest()):
        target, headers = by_offer(using(credential))
        answer = asked(choosy, (target, [*headers, ("Origin", ORIGIN.encode())]))
        assert (answer.status, answer.subprotocols) == (101, ["chat.v1"])


@pytest.mark.row(7)
@pytest.mark.parametrize("origin", ODD_ORIGINS, ids=repr)
def test_an_origin_that_is_not_listed_is_refused_whatever_is_brought(
    choosy: Product, native: Product, forge: Forge, origin: str
) -> None:
    """Row 7."""
    for credential in (guest(), using(forge.token())):
        target, headers = by_offer(credential)
        request = (target, [*headers, ("Origin", origin.encode())])
        assert asked(choosy, request).status == 403
        assert asked(native, request).status == 403


def test_a_listed_origin_is_let_in_and_an_absent_one_where_it_is_said(
    choosy: Product, native: Product, forge: Forge
) -> None:
    token = using(forge.token())
    for product in (choosy, native):
        for origin in ORIGINS.split(","):
            target, headers = by_offer(token)
            assert asked(product, (target, [*headers, ("Origin", origin.encode())])).status == 101
    assert asked(choosy, by_header(token)).status == 403
    assert asked(native, by_header(token)).status == 101
    assert asked(native, by_header(guest())).status == 101


def test_two_origins_do_not_make_one_that_is_listed(choosy: Product, forge: Forge) -> None:
    target, headers = by_offer(using(forge.token()))
    good, evil = ("Origin", ORIGIN.encode()), ("Origin", b"https://evil.example")
    assert asked(choosy, (target, [*headers, good])).status == 101
    for both in ([good, evil], [evil, good]):
        assert asked(choosy, (target, [*headers, *both])).status == 403


SHAPES: dict[str, tuple[str, str | None]] = {
    "none": ("", None),
    "chat.v1 alone": ("chat.v1", None),
    "the token alone": ("{token}", "{token}"),
    "both": ("chat.v1, {token}", "chat.v1"),
    "the token first": ("{token}, chat.v1", "chat.v1"),
    "without a space": ("chat.v1,{token}", "chat.v1"),
    "with many spaces": ("   chat.v1  ,\t  {token}  ", "chat.v1"),
    "empty places": (",,chat.v1,, ,{token},", "chat.v1"),
    "doubled": ("chat.v1, chat.v1, {token}, {token}", "chat.v1"),
    "fifty": ("chat.v1, {token}, " + ", ".join(f"p{n}" for n in range(48)), "chat.v1"),
    "a stranger's between": ("chat.v1, graphql-ws, {token}", None),
    "another case": ("CHAT.V1, {token}", None),
    "in quotes": ('chat.v1, "{token}"', None),
    "Bearer before": ("chat.v1, Bearer {token}", None),
    "two tokens": ("chat.v1, {token}, {other}", "chat.v1"),
    "a bad one first": ("chat.v1, {token}x, {token}", None),
    "a semicolon": ("chat.v1; {token}", None),
    "a line of its own for each": ("chat.v1\n{token}", "chat.v1"),
    "the token's line first": ("{token}\nchat.v1", "chat.v1"),
    "an empty line": ("\n{token}", "{token}"),
}


@pytest.mark.row(8)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_of_the_subprotocols_one_that_was_offered_comes_back(
    product: Product, forge: Forge, shape: tuple[str, str | None]
) -> None:
    """Row 8: and no credential where chat.v1 was offered."""
    token, other = using(forge.token()), using(forge.es256())
    offered, wanted = shape
    lines = offered.format(token=token, other=other).split("\n")
    headers = [("Sec-WebSocket-Protocol", line.encode()) for line in lines]
    answer = asked(product, (b"/prod", headers if offered else []))
    assert answer.status == (403 if wanted is None else 101)
    assert answer.subprotocols == ([] if wanted is None else [wanted.format(token=token)])
    assert ("chat.v1" in answer.subprotocols) == (token.encode() not in answer.head) or not wanted


def test_the_first_credential_counts_and_no_second_one_helps(
    product: Product, forge: Forge
) -> None:
    """In the order of docs/protocol.md."""
    good, bad = using(forge.token()), using(forge.token({"aud": "another-app"}))
    header, offer, query = by_header(good), by_offer(good), by_query(good)
    evil_header = ("Authorization", b"Bearer " + bad.encode())
    evil_offer = ("Sec-WebSocket-Protocol", b"chat.v1, " + bad.encode())
    assert asked(product, (offer[0], [evil_header, *offer[1]])).status == 403
    assert asked(product, (query[0], [evil_header, *query[1]])).status == 403
    assert asked(product, (query[0], [evil_offer])).status == 403
    assert asked(product, (by_query(bad)[0], header[1])).status == 101
    assert asked(product, (by_query(bad)[0], offer[1])).status == 101


def test_the_keys_were_fetched_once_by_each_function_and_nothing_else_was(
    key_server: KeyServer, product: Product, forge: Forge
) -> None:
    """Runs after the storm: of its unknown kids, and of addresses in tokens."""
    assert set(key_server.asked) <= {
        f"/{name}{path}" for name in ("tenant", "other") for path in (DISCOVERY, KEYS)
    }
    assert key_server.asked["/tenant" + KEYS] < 100
