"""What template.yaml gives each function, by environment variable; nothing else is read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

Value = TypeVar("Value")

Environment = Mapping[str, str]


class SettingsError(Exception):
    """A variable is missing or is not what it must be; the message names it."""


@dataclass(frozen=True, slots=True)
class AuthorizerSettings:
    """Who may connect."""

    guests: bool
    allowed_origins: frozenset[str]

    @classmethod
    def from_environment(cls, environment: Environment) -> "AuthorizerSettings":
        """Read GUEST_ACCESS and ALLOWED_ORIGINS. Raises SettingsError."""
        return cls(
            guests=_read(environment, "GUEST_ACCESS", _guests),
            allowed_origins=_read(environment, "ALLOWED_ORIGINS", _names, default=""),
        )


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Where connections are kept."""

    connections_table: str

    @classmethod
    def from_environment(cls, environment: Environment) -> "ConnectionSettings":
        """Read CONNECTIONS_TABLE. Raises SettingsError."""
        return cls(connections_table=_read(environment, "CONNECTIONS_TABLE", _name))


@dataclass(frozen=True, slots=True)
class MessageSettings:
    """The conversation: where it is kept, who answers, how fast it may go, how frames leave."""

    connections_table: str
    sessions_table: str
    connections_endpoint: str
    bot_class: str
    retention: timedelta
    turns_per_minute: int
    turn_burst: int

    @classmethod
    def from_environment(cls, environment: Environment) -> "MessageSettings":
        """Read all variables of the function. Raises SettingsError.

        AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI, an SDK's own way to say it, goes before
        CONNECTIONS_ENDPOINT.
        https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        override = environment.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
        return cls(
            connections_table=_read(environment, "CONNECTIONS_TABLE", _name),
            sessions_table=_read(environment, "SESSIONS_TABLE", _name),
            connections_endpoint=override or _read(environment, "CONNECTIONS_ENDPOINT", _name),
            bot_class=_read(environment, "BOT_CLASS", _class_path),
            retention=timedelta(days=_read(environment, "RETENTION_DAYS", _positive)),
            turns_per_minute=_read(environment, "TURNS_PER_MINUTE", _positive),
            turn_burst=_read(environment, "TURN_BURST", _positive),
        )


def _read(
    environment: Environment, name: str, convert: Callable[[str], Value], default: str | None = None
) -> Value:
    text = environment.get(name, default)
    if text is None:
        raise SettingsError(f"{name} is not set.")
    try:
        return convert(text.strip())
    except ValueError as error:
        raise SettingsError(f"{name}: {error}.") from None


def _name(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError("must be a whole number above 0")
    if int(text) > 1_000_000:
        raise ValueError("must be at most 1,000,000")
    return int(text)


def _guests(text: str) -> bool:
    # "auto" means: while no issuer of tokens is configured. None can be yet.
    choices = {"auto": True, "enabled": True, "disabled": False}
    if text not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}")
    return choices[text]


def _class_path(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", text):
        raise ValueError("must be package.module:Class")
    return text
