"""The composition root: puts the rooms together, as the settings say.

Imports stand inside the functions, for each Lambda function loads only what it uses: importing is
most of a cold start. That the authorizer loads no AWS SDK is tested.
"""

import os
import random
import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from handlers.setup.apps import (
    AuthorizerApp,
    BroadcastApp,
    CleanerApp,
    ConnectionApp,
    MessageApp,
    PushApp,
    ReplyApp,
    UserDataApp,
)
from handlers.setup.clients import dynamodb, management_api, retrying

if TYPE_CHECKING:
    from auth.keys import KeySource
    from auth.tokens import Verifier
    from bot.ports import (
        Bot,
        ConnectionStore,
        ConversationStore,
        FrameSender,
        ReplyStarter,
        StreamingBot,
    )
    from handlers.setup.settings import (
        AuthorizerSettings,
        BroadcastSettings,
        CleanerSettings,
        ConnectionSettings,
        MessageSettings,
        PushSettings,
        ReplySettings,
        UserDataSettings,
    )
    from handlers.setup.token_settings import TokenSettings


def authorizer(settings: "AuthorizerSettings") -> AuthorizerApp:
    """Build the authorizer."""
    from auth.door import Door

    door = Door(
        guests=settings.guests,
        tokens=verifier(settings.tokens) if settings.tokens else None,
        allowed_origins=settings.allowed_origins,
        absent_origin=settings.absent_origin,
    )
    return AuthorizerApp(door, Logger(), Metrics())


def verifier(settings: "TokenSettings") -> "Verifier":
    """Build what verifies tokens. Raises SettingsError where a pinned set has no usable key."""
    from auth.tokens import Rules, Verifier

    rules = Rules(settings.audiences, settings.algorithms, settings.types)
    keys = {issuer: _keys(issuer, settings) for issuer in settings.issuers}
    return Verifier(rules, keys, time.time)


def connection(settings: "ConnectionSettings") -> ConnectionApp:
    """Build what `$connect` and `$disconnect` run on."""
    from store.dynamo.connections import DynamoConnectionStore
    from store.dynamo.table import Table

    connections = DynamoConnectionStore(Table(dynamodb(), settings.connections_table))
    return ConnectionApp(connections, Logger(), Metrics(), now)


def message(settings: "MessageSettings") -> MessageApp:
    """Build the conversation."""
    from auth.guests import guest
    from bot.chat import assemble
    from bot.turns.pace import Pace
    from delivery.fan_out import FanOut
    from handlers.setup.renewal import Tokens

    store, connections, sender = _surroundings(settings)
    logger = Logger()
    chat = assemble(
        store=store,
        connections=connections,
        tokens=Tokens(lambda: verifier(settings.tokens) if settings.tokens else None),
        bot=load_bot(settings.bot_class),
        starter=_reply_starter(settings, logger),
        pace=Pace(settings.turns_per_minute, settings.turn_burst),
        retention=settings.retention,
        clock=now,
        new_id=new_id,
        new_conversation_id=new_conversation_id,
        guest_of=lambda credential: guest(credential).user_id,
        pause=pause,
    )
    return MessageApp(chat, FanOut(sender, connections, now), connections, logger, Metrics())


def reply(settings: "ReplySettings") -> ReplyApp:
    """Build what writes replies."""
    from bot.replies.answering import in_pieces
    from bot.replies.replying import Replying
    from bot.replies.spending import Spending
    from bot.turn_log.log import Log
    from bot.turn_log.memory import TailCache
    from delivery.audience import LiveAudience
    from delivery.fan_out import FanOut

    store, connections, sender = _surroundings(settings)
    spending = Spending(settings.budget, connections, now, pause)
    replying = Replying(
        store=store,
        log=Log(store, now),
        cache=TailCache(),
        bot=in_pieces(load_bot(settings.bot_class)),
        audience=partial(LiveAudience, sender, connections, now),
        lease=settings.lease,
        clock=now,
        new_id=new_id,
        pause=pause,
        spending=spending if settings.budget.limits else None,
    )
    return ReplyApp(replying, FanOut(sender, connections, now), Logger(), Metrics(), now)


def cleaner(settings: "CleanerSettings") -> CleanerApp:
    """Build what clears away the rows of connections that have ended."""
    from bot.connections.cleaning import Cleaning
    from delivery.api_gateway import ApiGatewaySender
    from delivery.paced import Paced
    from store.dynamo.census import DynamoConnectionCensus
    from store.dynamo.table import Table

    census = DynamoConnectionCensus(Table(dynamodb(), settings.connections_table))
    gatekeeper = ApiGatewaySender(management_api(settings.connections_endpoint))
    paced = Paced(gatekeeper, settings.calls_per_second, time.monotonic, time.sleep)
    return CleanerApp(Cleaning(census, paced, now, random.shuffle), Logger(), Metrics(), now)


def push(settings: "PushSettings") -> PushApp:
    """Build what takes pushes."""
    from bot.push.pushing import assemble
    from bot.turns.pace import Pace
    from delivery.fan_out import FanOut
    from delivery.push_queues import PushQueues

    store, connections, sender = _surroundings(settings)
    logger = Logger()
    pushing = assemble(
        store=store,
        starter=_reply_starter(settings, logger),
        pace=Pace(settings.turns_per_minute, settings.turn_burst),
        retention=settings.retention,
        clock=now,
        new_id=new_id,
        pause=pause,
    )
    queues = PushQueues(lambda: retrying("sqs"), settings.push_queue, settings.push_dead_letters)
    return PushApp(pushing, FanOut(sender, connections, now), queues, logger, Metrics(), now)


def user_data(settings: "UserDataSettings") -> UserDataApp:
    """Build what exports and erases all that is kept of a user."""
    from bot.user_data.erasing import assemble
    from delivery.api_gateway import ApiGatewaySender
    from store.dynamo.connections import DynamoConnectionStore
    from store.dynamo.conversations import DynamoConversationStore
    from store.dynamo.holdings import DynamoHoldings
    from store.dynamo.table import Table

    tables = dynamodb()
    sessions = Table(tables, settings.sessions_table)
    connections = Table(tables, settings.connections_table)
    holdings = DynamoHoldings(connections, sessions)
    erasure = assemble(
        store=DynamoConversationStore(sessions),
        connections=DynamoConnectionStore(connections),
        holdings=holdings,
        sender=ApiGatewaySender(management_api(settings.connections_endpoint)),
        retention=settings.retention,
        clock=now,
        new_id=new_id,
        pause=pause,
    )
    return UserDataApp(holdings, erasure, Logger(), now)


def broadcast(settings: "BroadcastSettings") -> BroadcastApp:
    """Build what takes broadcasts."""
    from bot.push.broadcasting import Broadcasting
    from delivery.broadcast_queues import BroadcastQueues
    from delivery.push_queues import PushQueues
    from store.dynamo.broadcasts import DynamoBroadcastLog
    from store.dynamo.roll import DynamoRoll
    from store.dynamo.table import Table

    tables, sqs = dynamodb(), retrying("sqs")
    steps = PushQueues(lambda: sqs, settings.broadcast_queue, settings.broadcast_dead_letters)
    broadcasting = Broadcasting(
        roll=DynamoRoll(Table(tables, settings.connections_table)),
        log=DynamoBroadcastLog(Table(tables, settings.sessions_table)),
        outlet=BroadcastQueues(lambda: sqs, settings.push_queue, steps),
        users_per_second=settings.users_per_second,
        clock=now,
        pause=time.sleep,
    )
    return BroadcastApp(broadcasting, steps, Logger(), Metrics())


def load_bot(class_path: str) -> "Bot | StreamingBot":
    """Make the bot that `package.module:Class` names.

    Raises SettingsError where it cannot be made, with the reason.
    """
    import importlib

    from handlers.setup.variables import SettingsError

    module_name, _, class_name = class_path.partition(":")
    try:
        bot: Bot | StreamingBot = getattr(importlib.import_module(module_name), class_name)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise SettingsError(f"BOT_CLASS: {class_path} cannot be made: {error}") from error
    return bot


def ready_early(build: Callable[[], object]) -> None:
    """Build while Lambda initializes, which is not billed by the function's small share of a
    processor; anywhere else importing a handler does nothing.
    """
    if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
        build()


def now() -> datetime:
    """The time in UTC, to the millisecond, as the tables and frames keep it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def new_id() -> str:
    """A short id that no other writer has: 40 random bits."""
    return secrets.token_urlsafe(5)


def new_conversation_id() -> str:
    """An id that nobody can guess: 122 random bits."""
    return str(uuid.uuid4())


def pause(races: int) -> None:
    """Wait a random while after a lost race, longer the more were lost."""
    time.sleep(random.uniform(0, min(0.005 * 2**races, 0.1)))


def _keys(issuer: str, settings: "TokenSettings") -> "KeySource":
    if issuer in settings.pinned:
        from auth.keys import KeySet
        from handlers.setup.variables import SettingsError

        try:
            return KeySet.read(settings.pinned[issuer])
        except ValueError as error:
            raise SettingsError(f"JWT_PINNED_KEYS: {error}.") from error
    from auth.fetching import fetch_json
    from auth.remote_keys import RemoteKeys

    return RemoteKeys(issuer, fetch_json, time.time, settings.key_urls.get(issuer))


def _surroundings(
    settings: "MessageSettings | ReplySettings | PushSettings",
) -> "tuple[ConversationStore, ConnectionStore, FrameSender]":
    """Where conversations and connections are kept, and the way out to clients."""
    from delivery.api_gateway import ApiGatewaySender
    from store.dynamo.connections import DynamoConnectionStore
    from store.dynamo.conversations import DynamoConversationStore
    from store.dynamo.table import Table

    tables = dynamodb()
    return (
        DynamoConversationStore(Table(tables, settings.sessions_table)),
        DynamoConnectionStore(Table(tables, settings.connections_table)),
        ApiGatewaySender(management_api(settings.connections_endpoint)),
    )


def _reply_starter(settings: "MessageSettings | PushSettings", logger: Logger) -> "ReplyStarter":
    """What has a reply written, asked with the correlation id of whoever asks."""
    from delivery.starting import LambdaReplyStarter

    return LambdaReplyStarter(
        lambda: retrying("lambda"), settings.reply_function, logger.get_correlation_id
    )
