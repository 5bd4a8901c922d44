"""What each function runs on, put together by `handlers.setup.composition`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

# Only named here: each Lambda function loads no more than it uses.
if TYPE_CHECKING:
    from auth.door import Door
    from bot.chat import Chat
    from bot.connections.cleaning import Cleaning
    from bot.ports import ConnectionStore
    from bot.push.broadcasting import Broadcasting
    from bot.push.pushing import Pushing
    from bot.replies.replying import Replying
    from bot.user_data.erasing import Erasure
    from bot.user_data.ports import Holdings
    from delivery.fan_out import FanOut
    from delivery.push_queues import PushQueues


@dataclass(frozen=True, slots=True)
class AuthorizerApp:
    """What the authorizer needs."""

    door: "Door"
    logger: Logger
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class ConnectionApp:
    """What `$connect` and `$disconnect` need."""

    connections: "ConnectionStore"
    logger: Logger
    metrics: Metrics
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class MessageApp:
    """What the message function needs."""

    chat: "Chat"
    fan_out: "FanOut"
    connections: "ConnectionStore"
    logger: Logger
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class ReplyApp:
    """What the function needs that writes replies."""

    replying: "Replying"
    fan_out: "FanOut"
    logger: Logger
    metrics: Metrics
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class CleanerApp:
    """What the cleaner needs."""

    cleaning: "Cleaning"
    logger: Logger
    metrics: Metrics
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class PushApp:
    """What the function needs that takes pushes."""

    pushing: "Pushing"
    fan_out: "FanOut"
    queues: "PushQueues"
    logger: Logger
    metrics: Metrics
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class UserDataApp:
    """What the function needs that exports and erases."""

    holdings: "Holdings"
    erasure: "Erasure"
    logger: Logger
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class BroadcastApp:
    """What the function needs that takes broadcasts."""

    broadcasting: "Broadcasting"
    steps: "PushQueues"
    logger: Logger
    metrics: Metrics
