"""Ordering a reply: Lambda invokes the function that writes it, and invokes it again if it fails.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Order


class LambdaReplyStarter:
    """`bot.ports.ReplyStarter` by an asynchronous invocation of `function`.

    The client is made at the first order: a bot that answers at once never needs it.
    `correlation_id` names the request that is being answered, for the log of who writes the reply.
    """

    def __init__(
        self,
        client: Callable[[], Any],
        function: str,
        correlation_id: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._make_client = client
        self._function = function
        self._correlation_id = correlation_id
        self._client: Any = None

    def start(self, order: Order) -> None:
        """See the port."""
        try:
            self._client = self._client or self._make_client()
            self._client.invoke(
                FunctionName=self._function,
                InvocationType="Event",
                Payload=json.dumps(event_of(order, self._correlation_id())).encode(),
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable("The reply cannot be begun now.") from error


def event_of(order: Order, correlation_id: str | None = None) -> dict[str, Any]:
    """The order as the function is given it."""
    return {
        "userId": order.key.user_id,
        "conversationId": order.key.conversation_id,
        "seq": order.seq,
        "epoch": order.epoch,
        "owner": order.owner,
        "connectionId": order.connection_id,
        "correlationId": correlation_id or "",
    }


def correlation_of(event: dict[str, Any]) -> str:
    """Which request ordered it, as the logs know that; empty where the event does not say."""
    return str(event.get("correlationId") or "")


def order_of(event: dict[str, Any]) -> Order:
    """The order that an event carries."""
    return Order(
        key=ConversationKey(event["userId"], event["conversationId"]),
        seq=event["seq"],
        epoch=event["epoch"],
        owner=event["owner"],
        connection_id=event["connectionId"],
    )
