"""What template.yaml gives each function, by environment variable; nothing else is read."""

from dataclasses import dataclass
from datetime import timedelta

from bot.replies.budget import Budget
from handlers.setup.token_settings import TokenSettings
from handlers.setup.variables import (
    Environment,
    class_path,
    name,
    names,
    natural,
    one_of,
    positive,
    read,
)


@dataclass(frozen=True, slots=True)
class AuthorizerSettings:
    """Who may connect, and from where."""

    guests: bool
    tokens: TokenSettings | None
    allowed_origins: frozenset[str]
    absent_origin: bool

    @classmethod
    def from_environment(cls, environment: Environment) -> "AuthorizerSettings":
        """Read all variables of the function. Raises SettingsError."""
        guests = one_of({"enabled": True, "disabled": False})
        absent_origin = one_of({"allowed": True, "refused": False})
        return cls(
            guests=read(environment, "GUEST_ACCESS", guests),
            tokens=TokenSettings.from_environment(environment),
            allowed_origins=frozenset(read(environment, "ALLOWED_ORIGINS", names)),
            absent_origin=read(environment, "ABSENT_ORIGIN", absent_origin),
        )


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Where connections are kept."""

    connections_table: str

    @classmethod
    def from_environment(cls, environment: Environment) -> "ConnectionSettings":
        """Read CONNECTIONS_TABLE. Raises SettingsError."""
        return cls(connections_table=read(environment, "CONNECTIONS_TABLE", name))


@dataclass(frozen=True, slots=True)
class MessageSettings:
    """The conversation: where it is kept, who answers, how fast it may go, how frames leave.

    `tokens` are those that may renew a connection.
    """

    connections_table: str
    sessions_table: str
    connections_endpoint: str
    bot_class: str
    retention: timedelta
    turns_per_minute: int
    turn_burst: int
    reply_function: str
    tokens: TokenSettings | None

    @classmethod
    def from_environment(cls, environment: Environment) -> "MessageSettings":
        """Read all variables of the function. Raises SettingsError."""
        return cls(
            connections_table=read(environment, "CONNECTIONS_TABLE", name),
            sessions_table=read(environment, "SESSIONS_TABLE", name),
            connections_endpoint=_connections_endpoint(environment),
            bot_class=read(environment, "BOT_CLASS", class_path),
            retention=timedelta(days=read(environment, "RETENTION_DAYS", positive)),
            turns_per_minute=read(environment, "TURNS_PER_MINUTE", positive),
            turn_burst=read(environment, "TURN_BURST", positive),
            reply_function=read(environment, "REPLY_FUNCTION", name),
            tokens=TokenSettings.from_environment(environment),
        )


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """Replies that take their time: where they are kept, who writes them, how frames leave.

    `lease` is how long a writer may be silent before another may take its place, `budget` what a
    user may cost.
    """

    connections_table: str
    sessions_table: str
    connections_endpoint: str
    bot_class: str
    lease: timedelta
    budget: Budget

    @classmethod
    def from_environment(cls, environment: Environment) -> "ReplySettings":
        """Read all variables of the function. Raises SettingsError."""
        return cls(
            connections_table=read(environment, "CONNECTIONS_TABLE", name),
            sessions_table=read(environment, "SESSIONS_TABLE", name),
            connections_endpoint=_connections_endpoint(environment),
            bot_class=read(environment, "BOT_CLASS", class_path),
            lease=timedelta(seconds=read(environment, "REPLY_LEASE_SECONDS", positive)),
            budget=Budget(
                turns_per_minute=read(environment, "USER_TURNS_PER_MINUTE", natural),
                tokens_per_day=read(environment, "USER_TOKENS_PER_DAY", natural),
            ),
        )


@dataclass(frozen=True, slots=True)
class CleanerSettings:
    """Where connections are kept, and how they are asked after: how often a second at most."""

    connections_table: str
    connections_endpoint: str
    calls_per_second: int

    @classmethod
    def from_environment(cls, environment: Environment) -> "CleanerSettings":
        """Read all variables of the function. Raises SettingsError."""
        return cls(
            connections_table=read(environment, "CONNECTIONS_TABLE", name),
            connections_endpoint=_connections_endpoint(environment),
            calls_per_second=read(environment, "CLEANER_CALLS_PER_SECOND", positive),
        )


@dataclass(frozen=True, slots=True)
class PushSettings:
    """What backends push: where it is kept, how it leaves, and the queues it comes from and ends
    in. Pace is that of the conversation: pushes spend none of it."""

    connections_table: str
    sessions_table: str
    connections_endpoint: str
    retention: timedelta
    turns_per_minute: int
    turn_burst: int
    reply_function: str
    push_queue: str
    push_dead_letters: str

    @classmethod
    def from_environment(cls, environment: Environment) -> "PushSettings":
        """Read all variables of the function. Raises SettingsError."""
        return cls(
            connections_table=read(environment, "CONNECTIONS_TABLE", name),
            sessions_table=read(environment, "SESSIONS_TABLE", name),
            connections_endpoint=_connections_endpoint(environment),
            retention=timedelta(days=read(environment, "RETENTION_DAYS", positive)),
            turns_per_minute=read(environment, "TURNS_PER_MINUTE", positive),
            turn_burst=read(environment, "TURN_BURST", positive),
            reply_function=read(environment, "REPLY_FUNCTION", name),
            push_queue=read(environment, "PUSH_QUEUE", name),
            push_dead_letters=read(environment, "PUSH_DEAD_LETTERS", name),
        )


@dataclass(frozen=True, slots=True)
class UserDataSettings:
    """Where all is kept of a user, and how connections are closed. `retention` is for conversations
    that go to another user."""

    connections_table: str
    sessions_table: str
    connections_endpoint: str
    retention: timedelta

    @classmethod
    def from_environment(cls, environment: Environment) -> "UserDataSettings":
        """Read all variables of the function. Raises SettingsError."""
        return cls(
            connections_table=read(environment, "CONNECTIONS_TABLE", name),
            sessions_table=read(environment, "SESSIONS_TABLE", name),
            connections_endpoint=_connections_endpoint(environment),
            retention=timedelta(days=read(environment, "RETENTION_DAYS", positive)),
        )


@dataclass(frozen=True, slots=True)
class BroadcastSettings:
    """What goes to many users: where they are found, the queues of its steps and pushes, and how
    many users a second it may reach."""

    connections_table: str
    sessions_table: str
    broadcast_queue: str
    broadcast_dead_letters: str
    push_queue: str
    users_per_second: int

    @classmethod
    def from_environment(cls, environment: Environment) -> "BroadcastSettings":
        """Read all variables of the function. Raises SettingsError."""
        return cls(
            connections_table=read(environment, "CONNECTIONS_TABLE", name),
            sessions_table=read(environment, "SESSIONS_TABLE", name),
            broadcast_queue=read(environment, "BROADCAST_QUEUE", name),
            broadcast_dead_letters=read(environment, "BROADCAST_DEAD_LETTERS", name),
            push_queue=read(environment, "PUSH_QUEUE", name),
            users_per_second=read(environment, "BROADCAST_USERS_PER_SECOND", positive),
        )


def _connections_endpoint(environment: Environment) -> str:
    """AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI, an SDK's own way to say it, goes before
    CONNECTIONS_ENDPOINT.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    override = environment.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
    return override or read(environment, "CONNECTIONS_ENDPOINT", name)
