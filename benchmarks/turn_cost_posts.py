"""@connections without a network: what functions post is kept, and taken for delivered."""

import io
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import unquote

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.session import Session

from benchmarks.turn_cost_meter import every_session

Frame = dict[str, Any]


class Posts:
    """Answers for @connections to every client made while it is attached."""

    def __init__(self) -> None:
        self._posted: list[tuple[str, Frame]] = []
        self._orders: list[dict[str, Any]] = []

    def attached(self) -> AbstractContextManager[None]:
        """Stand in for API Gateway meanwhile."""
        return every_session(self._attach)

    def take(self, connection_id: str) -> list[Frame]:
        """The frames posted to a connection since the last call, which empties everyone's."""
        taken = [frame for to, frame in self._posted if to == connection_id]
        self._posted.clear()
        return taken

    def clear(self) -> int:
        """Forget all frames; how many there were."""
        count = len(self._posted)
        self._posted.clear()
        return count

    def take_orders(self) -> list[dict[str, Any]]:
        """The events of the asynchronous invocations since the last call."""
        taken, self._orders = self._orders, []
        return taken

    def _attach(self, session: Session) -> None:
        emitter = session.get_component("event_emitter")
        emitter.register("before-send.apigatewaymanagementapi.PostToConnection", self._post)
        emitter.register("before-send.lambda.Invoke", self._order)

    def _post(self, request: Any, **_: Any) -> AWSResponse:
        connection_id = unquote(request.url.rpartition("/")[2])
        self._posted.append((connection_id, json.loads(request.body)))
        return AWSResponse(request.url, 200, HTTPHeaders(), _Nothing())

    def _order(self, request: Any, **_: Any) -> AWSResponse:
        self._orders.append(json.loads(request.body))
        return AWSResponse(request.url, 202, HTTPHeaders(), _Nothing())


class _Nothing(io.BytesIO):
    def stream(self) -> Iterator[bytes]:
        yield self.read()
