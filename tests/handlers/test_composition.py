"""Settings, the bot by its name, and what each function loads."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from auth.guests import guest
from auth.signatures import ALGORITHMS
from bot.replies.answering import streaming
from bot.replies.budget import Budget
from bot.wire import frames
from delivery.fan_out import PARALLEL_SENDS
from handlers.incoming.push_lanes import LANES_AT_ONCE
from handlers.setup import clients, composition
from handlers.setup.settings import (
    AuthorizerSettings,
    ConnectionSettings,
    MessageSettings,
    ReplySettings,
)
from handlers.setup.token_settings import SUPPORTED, TokenSettings
from handlers.setup.variables import SettingsError
from tests.support.template import ROOT, template

TOKENS = {
    "JWT_ISSUERS": "https://issuer.example, http://127.0.0.1:9000",
    "JWT_AUDIENCES": "parley,other",
    "JWT_ALGORITHMS": "RS256,ES256",
    "JWT_TYPES": "JWT,application/at+jwt,none",
    "JWT_KEY_URLS": ",http://127.0.0.1:9000/keys",
    "JWT_PINNED_KEYS": "",
}

AUTHORIZER = {
    "GUEST_ACCESS": "disabled",
    "ALLOWED_ORIGINS": "https://a",
    "ABSENT_ORIGIN": "refused",
    **TOKENS,
}

MESSAGE = {
    "CONNECTIONS_TABLE": "connections",
    "SESSIONS_TABLE": "sessions",
    "CONNECTIONS_ENDPOINT": "https://api.example/prod",
    "BOT_CLASS": "bots.echo:Echo",
    "RETENTION_DAYS": "365",
    "TURNS_PER_MINUTE": "60",
    "TURN_BURST": "1000",
    "REPLY_FUNCTION": "reply",
    **TOKENS,
}

REPLY = {
    **{name: MESSAGE[name] for name in MESSAGE if name.endswith(("_TABLE", "_ENDPOINT", "_CLASS"))},
    "REPLY_LEASE_SECONDS": "15",
    "USER_TURNS_PER_MINUTE": "0",
    "USER_TOKENS_PER_DAY": "0",
}

WRONG: list[tuple[type[Any], dict[str, str], str]] = [
    *[(MessageSettings, {k: v for k, v in MESSAGE.items() if k != name}, name) for name in MESSAGE],
    *[(MessageSettings, {**MESSAGE, name: " "}, name) for name in MESSAGE if name not in TOKENS],
    (MessageSettings, {**MESSAGE, "JWT_AUDIENCES": " "}, "JWT_AUDIENCES"),
    *[
        (MessageSettings, {**MESSAGE, name: bad}, name)
        for name in ("RETENTION_DAYS", "TURNS_PER_MINUTE", "TURN_BURST")
        for bad in ("0", "-1", "1.5", "many", "²", "0x10")
    ],
    (MessageSettings, {**MESSAGE, "RETENTION_DAYS": "99999999999"}, "RETENTION_DAYS"),
    (MessageSettings, {**MESSAGE, "RETENTION_DAYS": "4000000"}, "RETENTION_DAYS"),
    *[
        (MessageSettings, {**MESSAGE, "BOT_CLASS": bad}, "BOT_CLASS")
        for bad in ("Echo", "bots.echo.Echo", "bots.echo:", ":Echo", "bots echo:Echo", "a:b:c")
    ],
    *[
        (ReplySettings, {**REPLY, name: bad}, name)
        for name in ("USER_TURNS_PER_MINUTE", "USER_TOKENS_PER_DAY")
        for bad in ("", "-1", "1.5", "many", "²", "1000000001", "9" * 5_000)
    ],
    (ConnectionSettings, {}, "CONNECTIONS_TABLE"),
    *[
        (AuthorizerSettings, {k: v for k, v in AUTHORIZER.items() if k != name}, name)
        for name in AUTHORIZER
    ],
    *[
        (AuthorizerSettings, {**AUTHORIZER, name: bad}, name)
        for name, bad in (
            ("GUEST_ACCESS", "yes"),
            ("GUEST_ACCESS", "Enabled"),
            ("GUEST_ACCESS", "auto"),  # what it means is said by template.yaml
            ("ABSENT_ORIGIN", "yes"),
            ("JWT_ISSUERS", "issuer.example"),
            ("JWT_ISSUERS", "http://issuer.example"),
            ("JWT_ISSUERS", "http://127.0.0.1.example"),
            ("JWT_ISSUERS", "https://user:secret@issuer.example"),
            ("JWT_ISSUERS", "https://issuer.example/#here"),
            ("JWT_ISSUERS", "https://"),
            ("JWT_AUDIENCES", ""),
            ("JWT_AUDIENCES", ","),
            ("JWT_ALGORITHMS", "RS256,HS256"),
            ("JWT_ALGORITHMS", "none"),
            ("JWT_ALGORITHMS", ""),
            ("JWT_TYPES", ""),
            ("JWT_KEY_URLS", "http://keys.example"),
            ("JWT_KEY_URLS", "https://a.example,https://b.example,https://c.example"),
            ("JWT_PINNED_KEYS", "[]"),
            ("JWT_PINNED_KEYS", "{"),
            ("JWT_PINNED_KEYS", '{"https://other.example":{"keys":[]}}'),
        )
    ],
]


@pytest.mark.parametrize(("settings", "environment", "name"), WRONG)
def test_a_setting_that_is_wrong_is_named(
    settings: Any, environment: dict[str, str], name: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        settings.from_environment(environment)


@pytest.mark.parametrize(
    ("turns", "tokens", "limits"),
    [("0", "0", False), ("1", "0", True), ("0", "1", True), ("1000000", "1000000000", True)],
)
def test_a_budget_is_as_the_settings_say_and_none_by_default(
    turns: str, tokens: str, limits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    budget = {"USER_TURNS_PER_MINUTE": turns, "USER_TOKENS_PER_DAY": tokens}
    settings = ReplySettings.from_environment({**REPLY, **budget})
    assert settings.budget == Budget(int(turns), int(tokens))
    spending = composition.reply(settings).replying.spending
    assert (spending is not None, settings.budget.limits) == (limits, limits)


def test_guests_are_let_in_as_the_setting_says() -> None:
    for text, guests in (("enabled", True), ("disabled", False), (" enabled ", True)):
        environment = {**AUTHORIZER, "GUEST_ACCESS": text}
        assert AuthorizerSettings.from_environment(environment).guests is guests


def test_whose_tokens_are_taken_is_read_whole() -> None:
    issuers = ("https://issuer.example", "http://127.0.0.1:9000")
    assert TokenSettings.from_environment(AUTHORIZER) == TokenSettings(
        issuers=issuers,
        audiences=frozenset({"parley", "other"}),
        algorithms=frozenset({"RS256", "ES256"}),
        types=frozenset({"jwt", "at+jwt", ""}),
        key_urls={issuers[1]: "http://127.0.0.1:9000/keys"},
        pinned={},
    )


def test_without_an_issuer_nothing_is_asked_of_the_rest() -> None:
    assert TokenSettings.from_environment({"JWT_ISSUERS": " "}) is None


def test_pinned_keys_are_of_the_one_issuer_or_by_issuer() -> None:
    one = {**AUTHORIZER, "JWT_ISSUERS": "https://a.example", "JWT_KEY_URLS": ""}
    for pinned in ('{"keys":[]}', '{"https://a.example":{"keys":[]}}'):
        settings = TokenSettings.from_environment({**one, "JWT_PINNED_KEYS": pinned})
        assert settings is not None
        assert settings.pinned == {"https://a.example": {"keys": []}}
        with pytest.raises(SettingsError, match="JWT_PINNED_KEYS"):
            composition.verifier(settings)


def test_the_settings_know_the_algorithms_that_can_be_verified() -> None:
    assert set(SUPPORTED) == ALGORITHMS


def test_origins_are_a_list() -> None:
    table: dict[str, list[str]] = {
        "": [],
        " ": [],
        "https://a": ["https://a"],
        " a , b,,": ["a", "b"],
    }
    for text, origins in table.items():
        settings = AuthorizerSettings.from_environment({**AUTHORIZER, "ALLOWED_ORIGINS": text})
        assert settings.allowed_origins == frozenset(origins)


def test_the_sdks_own_way_to_name_the_endpoint_goes_first() -> None:
    override = {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": "http://127.0.0.1:1/prod"}
    settings = MessageSettings.from_environment({**MESSAGE, **override})
    assert settings.connections_endpoint == "http://127.0.0.1:1/prod"
    settings = MessageSettings.from_environment(MESSAGE)
    assert settings.connections_endpoint == "https://api.example/prod"


@pytest.mark.parametrize(
    "path", ["nowhere.at:All", "bots.echo:Missing", "bots.nowhere:Echo", "json:loads", "sys:path"]
)
def test_a_bot_that_is_not_there_is_named(path: str) -> None:
    with pytest.raises(SettingsError, match=path):
        composition.load_bot(path)


def test_the_bots_of_the_template_and_the_smallest_can_be_loaded() -> None:
    shipped = template()["Parameters"]["BotClass"]["Default"]
    for path in (shipped, "bots.echo:Echo"):
        assert callable(getattr(composition.load_bot(path), "reply", None))
    assert streaming(composition.load_bot("bots.talker:Talker"))


def test_a_guest_who_is_adopted_is_the_guest_whom_the_door_let_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    app = composition.message(MessageSettings.from_environment(MESSAGE))
    credential = "7F1C0D52-8a3e-4b6f-9c1d-0123456789ab"
    assert app.chat.guest_of(credential) == guest(credential).user_id


def test_ids_of_conversations_are_random_and_fit_for_frames() -> None:
    ids = {composition.new_conversation_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(re.fullmatch(frames.CONVERSATION_ID, each) for each in ids)


def test_ids_are_short_and_never_the_same() -> None:
    ids = {composition.new_id() for _ in range(10_000)}
    assert len(ids) == 10_000
    assert {len(each) for each in ids} == {7}


def test_times_are_whole_milliseconds_in_utc() -> None:
    now = composition.now()
    assert now.microsecond % 1000 == 0
    assert now.utcoffset() is not None
    assert not now.utcoffset()


A_POINT = {
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
"""The public key of RFC 7515, appendix A.3."""

AWS_SDK = {"boto3", "botocore.session", "botocore.client", "botocore.model", "urllib3"}
"""Of botocore itself, Powertools looks whether it is installed: that loads next to nothing."""


def loaded_by(code: str, **environment: str) -> set[str]:
    """The modules of a fresh process after `code`."""
    finished = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        cwd=ROOT / "src",
        env={
            "PATH": "",
            **AUTHORIZER,
            **MESSAGE,
            **environment,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "POWERTOOLS_SERVICE_NAME": "parley",
            "POWERTOOLS_METRICS_NAMESPACE": "Parley",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(finished.stdout.splitlines()[-1]))


def test_the_authorizer_loads_no_aws_sdk_and_no_more_than_it_needs() -> None:
    """Importing is its cold start, which every visitor waits for."""
    loaded = loaded_by("import handlers.authorizer")
    assert {"auth", "handlers", "aws_lambda_powertools", "jose.jwk"} <= loaded
    assert loaded.isdisjoint({*AWS_SDK, "pydantic", "pydantic_core", "store"})
    assert loaded.isdisjoint({"bots", "delivery", "aws_xray_sdk", "yaml"})
    assert loaded.isdisjoint({"jose.jwe", "jose.jws", "jose.jwt", "ecdsa", "rsa"})


def test_where_only_guests_come_no_cryptography_is_loaded() -> None:
    loaded = loaded_by("import handlers.authorizer", JWT_ISSUERS="")
    assert loaded.isdisjoint({"jose", "cryptography", "http.client", "ssl"})


def test_pinned_keys_load_nothing_of_the_network() -> None:
    entry = {"kty": "EC", "crv": "P-256", "kid": "one", **A_POINT}
    loaded = loaded_by(
        "import handlers.authorizer",
        JWT_ISSUERS="https://issuer.example",
        JWT_KEY_URLS="",
        JWT_PINNED_KEYS=json.dumps({"keys": [entry]}),
    )
    assert "auth.keys" in loaded
    assert loaded.isdisjoint({"auth.fetching", "http.client"})


@pytest.mark.parametrize("function", ["cleaner", "user_data"])
def test_who_reads_no_frames_loads_nothing_to_validate_them(function: str) -> None:
    """Their packages do not hold it either (src/build_package.py)."""
    loaded = loaded_by(f"import handlers.{function}", CLEANER_CALLS_PER_SECOND="100")
    assert {"store", "botocore.session"} <= loaded
    assert loaded.isdisjoint({"boto3", "pydantic", "pydantic_core", "jose", "bots"})


@pytest.mark.parametrize("function", ["connect", "disconnect"])
def test_connecting_loads_no_conversation(function: str) -> None:
    loaded = loaded_by(f"import handlers.{function}")
    assert {"store", "botocore.session"} <= loaded
    assert loaded.isdisjoint({"boto3", "pydantic", "pydantic_core", "jose", "bots", "delivery"})
    assert loaded.isdisjoint({"aws_xray_sdk", "yaml"})


def test_what_verifies_tokens_is_loaded_at_the_first_renewal_not_before() -> None:
    """A cold start must not wait for what most functions never use."""
    loaded = loaded_by("import handlers.message")
    assert {"handlers.setup.renewal", "bot.connections.expiry", "botocore.session"} <= loaded
    verifying = {"jose", "auth.tokens", "auth.signatures", "auth.remote_keys", "auth.fetching"}
    assert loaded.isdisjoint(verifying)
    first = """
import handlers.message
from bot.models import Caller
caller = Caller("user:issuer.example:ana", 9e12, "c1=")
handlers.message._app().chat.handle(caller, '{"action":"renew","token":"a.b.c"}')
"""
    assert verifying <= loaded_by(first)


@pytest.mark.parametrize("function", ["authorizer", "connect", "disconnect", "message", "reply"])
def test_importing_a_handler_does_nothing_outside_of_lambda(function: str) -> None:
    code = (
        f"import os\nos.environ.pop('AWS_LAMBDA_INITIALIZATION_TYPE')\nimport handlers.{function}"
    )
    assert loaded_by(code).isdisjoint(AWS_SDK)


def test_a_client_keeps_as_many_connections_as_a_push_needs_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    needed = LANES_AT_ONCE * PARALLEL_SENDS
    for client in (clients.dynamodb(), clients.management_api("https://api.example/prod")):
        assert client.meta.config.max_pool_connections >= needed
