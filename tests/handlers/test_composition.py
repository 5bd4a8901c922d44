"""Settings, the bot by its name, and what each function loads."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from auth.guests import guest
from bot import frames
from handlers import composition
from handlers.settings import (
    AuthorizerSettings,
    ConnectionSettings,
    MessageSettings,
    SettingsError,
)
from tests.support.template import ROOT, template

MESSAGE = {
    "CONNECTIONS_TABLE": "connections",
    "SESSIONS_TABLE": "sessions",
    "CONNECTIONS_ENDPOINT": "https://api.example/prod",
    "BOT_CLASS": "bots.echo:Echo",
    "RETENTION_DAYS": "365",
    "TURNS_PER_MINUTE": "60",
    "TURN_BURST": "1000",
}

WRONG: list[tuple[type[Any], dict[str, str], str]] = [
    *[(MessageSettings, {k: v for k, v in MESSAGE.items() if k != name}, name) for name in MESSAGE],
    *[(MessageSettings, {**MESSAGE, name: " "}, name) for name in MESSAGE],
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
    (ConnectionSettings, {}, "CONNECTIONS_TABLE"),
    (AuthorizerSettings, {}, "GUEST_ACCESS"),
    (AuthorizerSettings, {"GUEST_ACCESS": "yes"}, "GUEST_ACCESS"),
    (AuthorizerSettings, {"GUEST_ACCESS": "Enabled"}, "GUEST_ACCESS"),
]


@pytest.mark.parametrize(("settings", "environment", "name"), WRONG)
def test_a_setting_that_is_wrong_is_named(
    settings: Any, environment: dict[str, str], name: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        settings.from_environment(environment)


def test_guests_are_let_in_as_the_setting_says() -> None:
    for text, guests in (("auto", True), ("enabled", True), ("disabled", False), (" auto ", True)):
        assert AuthorizerSettings.from_environment({"GUEST_ACCESS": text}).guests is guests


def test_origins_are_a_list() -> None:
    table: dict[str, list[str]] = {
        "": [],
        " ": [],
        "https://a": ["https://a"],
        " a , b,,": ["a", "b"],
    }
    for text, origins in table.items():
        settings = AuthorizerSettings.from_environment(
            {"GUEST_ACCESS": "auto", "ALLOWED_ORIGINS": text}
        )
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
        assert callable(composition.load_bot(path).reply)


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


AWS_SDK = {"boto3", "botocore.session", "botocore.client", "botocore.model", "urllib3"}
"""Of botocore itself, Powertools looks whether it is installed: that loads next to nothing."""


def loaded_by(code: str) -> set[str]:
    """The modules of a fresh process after `code`."""
    finished = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        cwd=ROOT / "src",
        env={
            "PATH": "",
            "GUEST_ACCESS": "auto",
            "CONNECTIONS_TABLE": "c",
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
    assert {"auth", "handlers", "aws_lambda_powertools"} <= loaded
    assert loaded.isdisjoint({*AWS_SDK, "pydantic", "pydantic_core", "jose", "store"})
    assert loaded.isdisjoint({"bots", "delivery", "aws_xray_sdk", "yaml"})


@pytest.mark.parametrize("function", ["connect", "disconnect"])
def test_connecting_loads_no_conversation(function: str) -> None:
    loaded = loaded_by(f"import handlers.{function}")
    assert {"store", "botocore.session"} <= loaded
    assert loaded.isdisjoint({"boto3", "pydantic", "pydantic_core", "jose", "bots", "delivery"})
    assert loaded.isdisjoint({"aws_xray_sdk", "yaml"})


@pytest.mark.parametrize("function", ["authorizer", "connect", "disconnect", "message"])
def test_importing_a_handler_does_nothing_outside_of_lambda(function: str) -> None:
    code = (
        f"import os\nos.environ.pop('AWS_LAMBDA_INITIALIZATION_TYPE')\nimport handlers.{function}"
    )
    assert loaded_by(code).isdisjoint(AWS_SDK)
