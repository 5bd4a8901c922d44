"""One user's conversation with Parley's own handlers, as API Gateway would call them."""

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from benchmarks.turn_cost_engine import CONNECTIONS, SESSIONS, Ground, dynamodb
from benchmarks.turn_cost_meter import Cost, item_size
from benchmarks.turn_cost_posts import Frame
from benchmarks.turn_cost_samples import BOT_CLASS, sample
from bot.models import ConversationKey
from handlers import connect, message, reply
from handlers.setup import composition
from handlers.setup.apps import MessageApp, ReplyApp
from handlers.setup.settings import ConnectionSettings, MessageSettings, ReplySettings
from store.dynamo.attributes import string
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.conversations import DynamoConversationStore
from store.dynamo.keys import turn_id
from store.dynamo.table import Table

DOMAIN = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"
FUNCTION = {
    "CONNECTIONS_TABLE": CONNECTIONS,
    "SESSIONS_TABLE": SESSIONS,
    "CONNECTIONS_ENDPOINT": f"https://{DOMAIN}/prod",
    "BOT_CLASS": BOT_CLASS,
    "RETENTION_DAYS": "365",
    "TURNS_PER_MINUTE": "60",
    "TURN_BURST": "1000",
    "REPLY_FUNCTION": "reply",
    "REPLY_LEASE_SECONDS": "15",
    "USER_TURNS_PER_MINUTE": "0",
    "USER_TOKENS_PER_DAY": "0",
    "JWT_ISSUERS": "",
}
SEEDED_BEFORE = timedelta(minutes=2)
"""How long before the newest turn the seeded ones are said to have come: an idle conversation."""

PARALLEL_SEEDS = 8


class Parley:
    """A connected user, whose frames go to the message handler one by one."""

    def __init__(
        self,
        ground: Ground,
        user_id: str,
        conversation_id: str = "main",
        bot_class: str = BOT_CLASS,
        lifetime: timedelta = timedelta(hours=1),
        variables: dict[str, str] | None = None,
    ) -> None:
        self._ground = ground
        self._user_id = user_id
        self._key = ConversationKey(user_id, conversation_id)
        self._connection_id = f"{uuid4().hex[:15]}="
        self._variables = {**FUNCTION, "BOT_CLASS": bot_class, **(variables or {})}
        self._epoch: str | None = None
        self._context = _context(user_id, time.time() + lifetime.total_seconds())
        self._store = DynamoConversationStore(Table(dynamodb(), SESSIONS))
        settings = ConnectionSettings.from_environment(FUNCTION)
        answer = connect.answer(
            composition.connection(settings), self._event("$connect", "CONNECT")
        )
        if answer["statusCode"] != 200:
            raise RuntimeError(f"not connected: {answer}")

    def function(self) -> MessageApp:
        """A message function that has just started."""
        return composition.message(MessageSettings.from_environment(self._variables))

    def reply_function(self) -> ReplyApp:
        """A function that writes replies and has just started."""
        return composition.reply(ReplySettings.from_environment(self._variables))

    def renew(self) -> None:
        """Let the connection live for an hour from now."""
        connections = DynamoConnectionStore(Table(dynamodb(), CONNECTIONS))
        connections.renew(self._user_id, self._connection_id, time.time() + 3600)

    def resume(self, app: MessageApp) -> Cost:
        """What a client says first on every connection."""
        cost, frames = self._say(app, {"action": "resume"})
        _expect(frames, "snapshot")
        return cost

    def ping(self, app: MessageApp) -> None:
        """What keeps a connection open. What the function prints stays to be seen."""
        body = json.dumps({"action": "ping"})
        message.answer(app, {**self._event("ping", "MESSAGE"), "body": body})
        _expect(self._ground.posts.take(self._connection_id), "pong")

    def say(self, app: MessageApp, seq: int) -> Cost:
        """The message that makes turn `seq`."""
        said = {"messageId": str(uuid4()), "text": sample(seq).text, "after": seq - 1}
        if self._epoch:
            said["epoch"] = self._epoch
        cost, frames = self._say(app, {"action": "message", **said})
        answered = _expect(frames, "turn")
        if answered["turn"]["seq"] != seq or answered["turn"]["reply"] != sample(seq).reply:
            raise RuntimeError(f"another turn than {seq}: {answered}")
        self._epoch = answered["epoch"]
        return cost

    def fork(self, app: MessageApp, seq: int) -> Cost:
        """Begin another conversation with the turns up to `seq`."""
        fork = {"conversationId": str(uuid4()), "forkOf": self._key.conversation_id, "forkAt": seq}
        cost, frames = self._say(app, {"action": "fork", **fork})
        if _expect(frames, "snapshot")["head"] != seq:
            raise RuntimeError(f"no fork at {seq}: {frames[-1]}")
        return cost

    def ask(self, app: MessageApp, seq: int) -> tuple[Cost, dict[str, Any]]:
        """The message that makes turn `seq`, of a bot that streams; and the order of its reply."""
        said = {"messageId": str(uuid4()), "text": sample(seq).text, "after": seq - 1}
        if self._epoch:
            said["epoch"] = self._epoch
        cost, frames = self._say(app, {"action": "message", **said})
        pending = _expect(frames, "turn")
        if pending["turn"]["seq"] != seq or pending["turn"]["status"] != "pending":
            raise RuntimeError(f"another turn than {seq}: {pending}")
        self._epoch = pending["epoch"]
        (order,) = self._ground.posts.take_orders()
        return cost, order

    def write(self, app: ReplyApp, order: dict[str, Any]) -> tuple[Cost, list[Frame]]:
        """Have the reply written that was ordered."""
        with self._ground.meter.counting() as cost, redirect_stdout(io.StringIO()):
            reply.answer(app, order, FiveMinutes())
        return cost, self._ground.posts.take(self._connection_id)

    def fill(self, head: int) -> None:
        """Write turns straight to the table, several at a time, until there are `head`."""
        newest = self._store.newest(self._key, 1).turns
        if not newest or newest[0].seq >= head:
            return
        began = newest[0].created_at - SEEDED_BEFORE
        turns = [
            replace(
                newest[0],
                seq=seq,
                message_id=str(uuid4()),
                text=sample(seq).text,
                reply=sample(seq).reply,
                state=sample(seq).state,
                created_at=began,
                owner=composition.new_id(),
            )
            for seq in range(newest[0].seq + 1, head + 1)
        ]
        with ThreadPoolExecutor(PARALLEL_SEEDS) as pool:
            if any(pool.map(partial(self._store.append, self._key), turns)):
                raise RuntimeError("a seeded turn's place was taken")

    def undo(self, seq: int) -> None:
        """Take the newest turn, `seq`, out of the table."""
        turn = self._store.turn(self._key, seq)
        if turn is None:
            raise RuntimeError(f"there is no turn {seq}")
        self._store.erase(self._key, [turn])
        if seq == 1:
            self._store.forget_conversation(self._key, turn.epoch)
            self._epoch = None

    def stored_bytes(self, seq: int) -> int:
        """What the item of turn `seq` weighs."""
        item_id = turn_id(self._key, seq)
        key = {"userId": string(self._user_id), "itemId": string(item_id)}
        found = dynamodb().get_item(TableName=SESSIONS, Key=key, ConsistentRead=True)
        return item_size(found["Item"])

    def _say(self, app: MessageApp, frame: Frame) -> tuple[Cost, list[Frame]]:
        body = json.dumps({"conversationId": self._key.conversation_id, **frame})
        event = {**self._event(frame["action"], "MESSAGE"), "body": body, "isBase64Encoded": False}
        event["requestContext"]["messageId"] = f"{uuid4().hex[:15]}="
        # The handler prints its metrics.
        with self._ground.meter.counting() as cost, redirect_stdout(io.StringIO()):
            message.answer(app, event)
        return cost, self._ground.posts.take(self._connection_id)

    def _event(self, route_key: str, event_type: str) -> dict[str, Any]:
        now = time.time_ns() // 1_000_000
        context = {
            "routeKey": route_key,
            "eventType": event_type,
            "extendedRequestId": "SbSUPE5EoAMEZCQ=",
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": now,
            "requestTimeEpoch": now,
            "identity": {"sourceIp": "192.0.2.1"},
            "requestId": "SbSUPE5EoAMEZCQ=",
            "domainName": DOMAIN,
            "connectionId": self._connection_id,
            "apiId": "a1b2c3d4e5",
            "authorizer": self._context,
        }
        return {"requestContext": context}


class FiveMinutes:
    """Lambda's context of a function that has just been invoked."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the function is killed."""
        return 300_000


def _context(user_id: str, until: float) -> dict[str, str]:
    """What the authorizer says: how long, of a signed-in user."""
    kind = user_id.partition(":")[0]
    context = {"userId": user_id, "kind": kind, "principalId": user_id}
    return context if kind == "guest" else {**context, "expiresAt": str(int(until))}


def _expect(frames: list[Frame], kind: str) -> Frame:
    if not frames or frames[-1]["type"] != kind:
        raise RuntimeError(f"no {kind}, but {frames}")
    return frames[-1]
