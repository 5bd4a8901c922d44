"""Where records of asynchronous invocations go: queues of the engine."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_gateway.aws import Endpoint
from local_gateway.errors import LocalGatewayError


class Undeliverable(LocalGatewayError):
    """A record reached no queue."""


class SqsDestinations:
    """Sends records to SQS queues by their ARN, and has the engine ``save`` them at once."""

    def __init__(self, engine: Endpoint, save: Callable[[], Awaitable[None]]) -> None:
        self._engine = engine
        self._save = save

    async def send(
        self, arn: str, content: str, attributes: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """Send one message; raise Undeliverable where it cannot be."""
        if arn.split(":")[2:3] != ["sqs"]:
            raise Undeliverable(f"{arn} is no SQS queue, and others are not served here")
        try:
            await asyncio.to_thread(self._send, arn, content, attributes or {})
            # The engine journals rows alone, and these messages tell of something lost.
            await self._save()
        except (ClientError, BotoCoreError, OSError) as failure:
            raise Undeliverable(f"{arn}: {' '.join(str(failure).split())}") from None

    def _send(self, arn: str, content: str, attributes: Mapping[str, Any]) -> None:
        url = self._client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        self._client.send_message(QueueUrl=url, MessageBody=content, MessageAttributes=attributes)

    @functools.cached_property
    def _client(self) -> Any:
        return self._engine.client("sqs")
