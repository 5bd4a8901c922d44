"""Rows 3 and 4: an issuer's keys through storms, outages, rotation and nonsense."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from auth.fetching import fetch_json
from auth.remote_keys import LIFETIME_SECONDS, PAUSE_SECONDS, RemoteKeys
from auth.tokens import Verifier
from tests.support.clock import START, FakeClock
from tests.support.key_pairs import Jwk, constant, ec_jwk, ec_key, pkcs1, rsa_jwk, rsa_key
from tests.support.key_server import (
    DISCOVERY,
    KEYS,
    Answer,
    KeyServer,
    body,
    document,
    down,
    dripping,
    html,
    redirect,
    slow,
    status,
)
from tests.support.soak import times
from tests.support.tokens import Forge, key_set
from tests.support.verifiers import RULES, accepted

ISSUER = "https://id.example.com/tenant"


class Provider:
    """Documents by address, and how often each was asked for; None is an outage."""

    def __init__(self, keys: Any) -> None:
        self.keys = keys
        self.discovery: Any = {"issuer": ISSUER, "jwks_uri": ISSUER + KEYS}
        self.asked: Counter[str] = Counter()
        self.lag = 0.0
        self.answering = threading.Event()
        self.answering.set()
        self.at_once = self.most_at_once = 0

    def __call__(self, url: str) -> Any:
        self.asked[url] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.answering.wait(60)
            time.sleep(self.lag)
            answer = self.discovery if url.endswith(DISCOVERY) else self.keys
        finally:
            self.at_once -= 1
        if answer is None:
            raise TimeoutError("no answer")
        return answer

    @property
    def fetches(self) -> int:
        """Of keys; discovery is a part of the first."""
        return sum(count for url, count in self.asked.items() if not url.endswith(DISCOVERY))


class Scene:
    """A verifier of one issuer's tokens, whose time is at hand."""

    def __init__(self, keys: Any = None, keys_url: str | None = None) -> None:
        self.now = FakeClock()
        self.provider = Provider(key_set() if keys is None else keys)
        self.forge = Forge(issuer=ISSUER, clock=self.clock)
        self.source = RemoteKeys(ISSUER, self.provider, self.clock, keys_url)
        self.verifier = Verifier(RULES, {ISSUER: self.source}, self.clock)

    def clock(self) -> float:
        return self.now().timestamp()

    def gets_in(self, **header: Any) -> bool:
        return accepted(self.verifier, self.forge.token(header=header))


def forged(scene: Scene, kid: str) -> str:
    """A token under this kid, which nobody signed: that would cost more than refusing it."""
    return scene.forge.token(header={"kid": kid}, by=constant(b"?"))


def rsa_set(*names: str) -> dict[str, list[Jwk]]:
    """RSA keys by name."""
    return {"keys": [rsa_jwk(rsa_key(name), kid=name) for name in names]}


def test_a_warm_verifier_asks_nobody() -> None:
    scene = Scene()
    assert all(scene.gets_in() for _ in range(100))
    assert scene.provider.asked == {ISSUER + DISCOVERY: 1, ISSUER + KEYS: 1}


def test_where_the_keys_address_is_given_nothing_is_discovered() -> None:
    scene = Scene(keys_url="https://keys.example/jwks")
    assert scene.gets_in()
    assert scene.provider.asked == {"https://keys.example/jwks": 1}


@pytest.mark.row(3, times(2_000, 10_000))
def test_ten_thousand_unknown_keys_cause_one_fetch_in_thirty_seconds() -> None:
    """Done-when 5, in ten minutes of made-up time; good tokens go on being accepted."""
    scene = Scene()
    good = scene.forge.token()
    knocks = times(2_000, 10_000)
    seconds = 600
    fetched_at: list[float] = []
    for number in range(knocks):
        before = scene.provider.fetches
        assert not accepted(scene.verifier, forged(scene, f"made up {number}"))
        if scene.provider.fetches > before:
            fetched_at.append(scene.clock())
        if number % 20 == 0:
            assert accepted(scene.verifier, good)
        scene.now.advance(seconds=seconds / knocks)
    assert scene.provider.fetches == len(fetched_at) <= 1 + seconds / PAUSE_SECONDS
    gaps = [late - early for early, late in pairwise(fetched_at)]
    assert gaps
    assert min(gaps) >= PAUSE_SECONDS
    assert set(scene.provider.asked) == {ISSUER + DISCOVERY, ISSUER + KEYS}


def test_a_storm_from_all_sides_at_once_causes_one_fetch() -> None:
    """Single flight: eight threads, and no two fetches under way together."""
    scene = Scene()
    scene.provider.lag = 0.05
    good = scene.forge.token()
    barrier = threading.Barrier(8)

    def knock(number: int) -> bool:
        barrier.wait(10)
        for each in range(times(50, 1250)):
            assert not accepted(scene.verifier, forged(scene, f"{number}.{each}"))
        return accepted(scene.verifier, good)

    for wave in range(1, 4):
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(knock, range(8)))
        assert scene.provider.fetches == wave
        scene.now.advance(seconds=PAUSE_SECONDS)
    assert scene.provider.most_at_once == 1


def test_a_cold_start_of_many_at_once_fetches_once_and_lets_all_in() -> None:
    scene = Scene()
    scene.provider.lag = 0.1
    good = scene.forge.token()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: accepted(scene.verifier, good), range(8)))
    assert scene.provider.asked == {ISSUER + DISCOVERY: 1, ISSUER + KEYS: 1}


def test_good_tokens_do_not_wait_for_a_strangers_fetch() -> None:
    scene = Scene()
    assert scene.gets_in()
    scene.now.advance(seconds=PAUSE_SECONDS)
    scene.provider.answering.clear()
    stranger = threading.Thread(target=lambda: scene.gets_in(kid="unknown"))
    stranger.start()
    while not scene.provider.at_once:
        time.sleep(0.001)
    assert scene.gets_in()
    assert scene.provider.at_once, "the stranger's is still under way"
    scene.provider.answering.set()
    stranger.join()


def test_a_new_key_is_found_at_once_and_a_withdrawn_one_goes_within_the_lifetime() -> None:
    """Row 4: rotation."""
    scene = Scene(rsa_set("rsa"))
    assert scene.gets_in()
    scene.now.advance(seconds=PAUSE_SECONDS)
    scene.provider.keys = rsa_set("rsa", "next")
    new = scene.forge.token(header={"kid": "next"}, by=pkcs1(rsa_key("next")))
    assert accepted(scene.verifier, new)
    assert scene.gets_in()
    scene.provider.keys = rsa_set("next")
    scene.now.advance(seconds=LIFETIME_SECONDS)
    fresh = scene.forge.token(header={"kid": "next"}, by=pkcs1(rsa_key("next")))
    assert accepted(scene.verifier, fresh)
    assert not scene.gets_in(), "the withdrawn key is gone"


def test_a_key_replaced_under_its_own_name_is_taken_within_the_lifetime() -> None:
    scene = Scene({"keys": [rsa_jwk(rsa_key("old"), kid="rsa")]})
    assert not scene.gets_in()
    scene.provider.keys = rsa_set("rsa")
    scene.now.advance(seconds=LIFETIME_SECONDS)
    assert scene.gets_in()


@pytest.mark.parametrize("seconds", range(0, LIFETIME_SECONDS, LIFETIME_SECONDS // times(4, 40)))
def test_keys_are_used_for_their_lifetime_without_a_look(seconds: int) -> None:
    scene = Scene()
    assert scene.gets_in()
    scene.now.advance(seconds=seconds)
    assert scene.gets_in()
    assert scene.provider.fetches == 1
    scene.now.advance(seconds=LIFETIME_SECONDS - seconds)
    assert scene.gets_in()
    assert scene.provider.fetches == 2


BROKEN: dict[str, Any] = {
    "an outage": None,
    "nothing": {},
    "no keys": {"keys": []},
    "no usable key": {"keys": [{"kty": "oct", "k": "AA"}]},
    "an error": {"error": "temporarily_unavailable"},
    "a list": [],
    "a word": "maintenance",
    "null keys": {"keys": None},
    "too many keys": {"keys": rsa_set("rsa")["keys"] * 101},
}


@pytest.mark.row(4, times(60, 600))
@pytest.mark.parametrize("answer", BROKEN.values(), ids=list(BROKEN))
def test_the_last_good_keys_go_on_whatever_comes_after_them(answer: Any) -> None:
    """Row 4: for a day of outage, with at most one fetch in thirty seconds."""
    scene = Scene()
    assert scene.gets_in()
    good_for_days = scene.forge.token({"exp": scene.forge.now + 200_000})
    scene.provider.keys = answer
    for _ in range(times(60, 600)):
        scene.now.advance(seconds=144)
        assert accepted(scene.verifier, good_for_days)
        assert not scene.gets_in(kid="unknown")
    day = (scene.now() - START).total_seconds()
    assert scene.provider.fetches <= 1 + day / PAUSE_SECONDS
    scene.provider.keys = key_set()
    scene.now.advance(seconds=PAUSE_SECONDS)
    assert scene.gets_in()


@pytest.mark.row(4, times(50, 500))
@pytest.mark.parametrize("answer", BROKEN.values(), ids=list(BROKEN))
def test_without_any_keys_nobody_gets_in_until_they_can_be_had(answer: Any) -> None:
    scene = Scene()
    scene.provider.keys = answer
    for _ in range(times(50, 500)):
        assert not scene.gets_in()
    assert scene.provider.fetches == 1, "an outage is not made worse"
    scene.provider.keys = key_set()
    scene.now.advance(seconds=PAUSE_SECONDS)
    assert scene.gets_in()


@pytest.mark.parametrize(
    "discovery",
    [
        None,
        {},
        [],
        "x",
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": None},
        {"issuer": ISSUER, "jwks_uri": 1},
        {"issuer": ISSUER, "jwks_uri": [ISSUER + KEYS]},
        {"issuer": ISSUER, "jwks_uri": "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next"},
        {"issuer": ISSUER, "jwks_uri": "http://localhost:9001/"},
        {"jwks_uri": ISSUER + KEYS},
        {"issuer": ISSUER + "/", "jwks_uri": ISSUER + KEYS},
        {"issuer": "https://evil.example", "jwks_uri": ISSUER + KEYS},
        {"issuer": [ISSUER], "jwks_uri": ISSUER + KEYS},
        {"issuer": ISSUER.upper(), "jwks_uri": ISSUER + KEYS},
    ],
    ids=lambda each: repr(each)[:50],
)
def test_a_discovery_document_must_be_the_issuers_own(discovery: Any) -> None:
    """OpenID Connect Discovery 1.0, section 4.3."""
    scene = Scene()
    scene.provider.discovery = discovery
    assert not scene.gets_in()
    assert scene.provider.fetches == 0


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    scene = Scene(rsa_set("rsa"))
    assert scene.gets_in()
    scene.now.advance(days=-1)
    scene.provider.keys = rsa_set("rsa", "next")
    new = scene.forge.token(header={"kid": "next"}, by=pkcs1(rsa_key("next")))
    assert accepted(scene.verifier, new)


SLOW_SECONDS = 8

OVER_HTTP: dict[str, Answer] = {
    "down": down,
    "HTML": html,
    "empty": body(b""),
    "empty set": document({"keys": []}),
    "500": status(500),
    "404": status(404),
    "a redirect": redirect("http://127.0.0.1:1/keys"),
    "dripping": dripping(SLOW_SECONDS),
    "slow": slow(SLOW_SECONDS, document(key_set())),
}


def over_http(server: KeyServer, clock: FakeClock) -> tuple[Forge, Verifier]:
    """A verifier that truly fetches, by a clock that is set."""

    def now() -> float:
        return clock().timestamp()

    forge = Forge(issuer=server.issuer("tenant", key_set()), clock=now)
    keys = {forge.issuer: RemoteKeys(forge.issuer, fetch_json, now)}
    return forge, Verifier(RULES, keys, now)


@pytest.mark.parametrize("where", [KEYS, DISCOVERY])
@pytest.mark.parametrize("answer", OVER_HTTP.values(), ids=list(OVER_HTTP))
def test_a_provider_that_does_not_answer_as_it_should_lets_nobody_in_nor_waits(
    key_server: KeyServer, answer: Answer, where: str
) -> None:
    clock = FakeClock()
    forge, verifier = over_http(key_server, clock)
    key_server.answers["/tenant" + where] = answer
    started = time.monotonic()
    assert not accepted(verifier, forge.token())
    assert not accepted(verifier, forge.token())
    assert time.monotonic() - started < SLOW_SECONDS / 2
    key_server.answers.clear()
    clock.advance(seconds=PAUSE_SECONDS)
    assert accepted(verifier, forge.token())
    assert accepted(verifier, forge.es256())


@pytest.mark.parametrize("answer", OVER_HTTP.values(), ids=list(OVER_HTTP))
def test_and_whoever_has_keys_already_is_not_held_up_long(
    key_server: KeyServer, answer: Answer
) -> None:
    clock = FakeClock()
    forge, verifier = over_http(key_server, clock)
    assert accepted(verifier, forge.token())
    key_server.answers["/tenant" + KEYS] = answer
    clock.advance(seconds=LIFETIME_SECONDS)
    started = time.monotonic()
    assert accepted(verifier, forge.token())
    assert accepted(verifier, forge.token())
    assert time.monotonic() - started < SLOW_SECONDS / 2


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://192.0.2.1/keys",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//evil.example/keys",
        "",
    ],
)
def test_keys_are_fetched_by_https_or_from_this_machine(
    key_server: KeyServer, elsewhere: str
) -> None:
    forge, verifier = over_http(key_server, FakeClock())
    found = {"issuer": forge.issuer, "jwks_uri": elsewhere}
    key_server.answers["/tenant" + DISCOVERY] = document(found)
    assert not accepted(verifier, forge.token())
    assert key_server.asked == {"/tenant" + DISCOVERY: 1}


def test_a_kid_that_stands_twice_is_taken_for_neither_key() -> None:
    twice = {"keys": [rsa_jwk(rsa_key(name), kid="rsa") for name in ("rsa", "other rsa")]}
    scene = Scene({"keys": [*twice["keys"], *key_set()["keys"][:1]]})
    assert not scene.gets_in()
    assert accepted(scene.verifier, scene.forge.es256())
    scene.provider.keys = key_set()
    scene.now.advance(seconds=LIFETIME_SECONDS)
    assert scene.gets_in()


def test_ec_first_is_as_good_as_rsa_first() -> None:
    scene = Scene({"keys": [ec_jwk(ec_key("ec"), kid="ec"), *rsa_set("rsa")["keys"]]})
    assert scene.gets_in()
    assert accepted(scene.verifier, scene.forge.es256())
