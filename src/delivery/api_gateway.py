"""The @connections API: one POST a frame. A 410 says that the connection is gone."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import ConnectionGone, SendFailed

ATTEMPTS = 3
RETRIED = {"LimitExceededException", "InternalServerError", "ServiceUnavailable"}
"""Refusals that pass: the rate, a full client buffer (429), API Gateway's own trouble."""

PAUSE_SECONDS = 0.1


class ApiGatewaySender:
    """`bot.ports.FrameSender` and `Gatekeeper` on an `apigatewaymanagementapi` client.

    The client must not retry by itself: botocore would send a frame again whose answer was lost.
    """

    def __init__(self, client: Any, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def send(self, connection_id: str, frame: bytes) -> None:
        """See the port."""
        self._call(self._client.post_to_connection, ConnectionId=connection_id, Data=frame)

    def close(self, connection_id: str) -> None:
        """See the port."""
        self._call(self._client.delete_connection, ConnectionId=connection_id)

    def is_open(self, connection_id: str) -> bool:
        """See the port."""
        try:
            self._call(self._client.get_connection, ConnectionId=connection_id)
        except ConnectionGone:
            return False
        return True

    def _call(self, operation: Callable[..., Any], **request: Any) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                operation(**request)
                return
            except ClientError as error:
                if _status(error) == 410:
                    raise ConnectionGone from None
                if attempt == ATTEMPTS or not _passes(error):
                    raise SendFailed(_code(error)) from error
            except BotoCoreError as error:
                raise SendFailed(type(error).__name__) from error
            self._sleep(PAUSE_SECONDS * attempt)


def _passes(error: ClientError) -> bool:
    return _code(error) in RETRIED or _status(error) in (429, 500, 503)


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
