"""Faults between botocore and the engine: lost replies, refusals, deaths."""

import json
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

Fault = Callable[[AWSRequest, str], AWSResponse | None]
WRITES = ("PutItem", "UpdateItem", "DeleteItem")


def retry_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore's waits between its retries pass at once."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))


class Hook:
    """Looks at every request of a client before it goes out, retries included."""

    def __init__(self, client: Any) -> None:
        self.requests: Counter[str] = Counter()
        self._faults: dict[str, list[Fault]] = {}
        client.meta.events.register("before-send.dynamodb.*", self._before_send)

    def next(self, operation: str, *faults: Fault) -> None:
        """Let the next requests of an operation meet these faults, one each."""
        self._faults.setdefault(operation, []).extend(faults)

    @property
    def unmet(self) -> int:
        """How many faults are still to come."""
        return sum(map(len, self._faults.values()))

    def forget(self) -> None:
        """No more faults."""
        self._faults.clear()

    def _before_send(self, request: AWSRequest, **event: Any) -> AWSResponse | None:
        operation = event["event_name"].rpartition(".")[2]
        self.requests[operation] += 1
        faults = self._faults.get(operation) or self._faults.get("*")
        return faults.pop(0)(request, operation) if faults else None


def lose_the_reply(request: AWSRequest, operation: str) -> None:
    """Apply the request, and lose the answer."""
    URLLib3Session().send(request)
    raise ConnectionClosedError(endpoint_url=str(request.url))


def never_arrive(request: AWSRequest, operation: str) -> None:
    """Lose the request."""
    raise ReadTimeoutError(endpoint_url=str(request.url))


def doing_before(do: Callable[[], object]) -> Fault:
    """Do something else right before the request goes out."""

    def doing(request: AWSRequest, operation: str) -> None:
        do()

    return doing


def doing_after(do: Callable[[], object]) -> Fault:
    """Do something else once the request is applied, before its answer is in."""

    def doing(request: AWSRequest, operation: str) -> AWSResponse:
        answer: AWSResponse = URLLib3Session().send(request)
        do()
        return answer

    return doing


def refuse(code: str, status: int) -> Fault:
    """Answer with DynamoDB's own error, and apply nothing."""

    def refusing(request: AWSRequest, operation: str) -> AWSResponse:
        body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"})
        return AWSResponse(str(request.url), status, HTTPHeaders(), _Raw(body.encode()))

    return refusing


class _Raw:
    """A body that has arrived."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **options: Any) -> Any:
        """The body in one piece."""
        yield self._body
