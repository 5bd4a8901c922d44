"""MiniStack's event sources and schedules, made to invoke the gateway's functions.

MiniStack polls queues and watches clocks, yet would run the empty packages it was given. It has a
way out: functions that run behind an address of their own. All of them do here, and what would be
posted to that address goes to the gateway's Invoke API instead.
"""

import functools
import json
import time
from collections.abc import Mapping
from typing import Any

from local_gateway.aws import Endpoint

# How long the gateway may take from the engine's start to its own.
START_SECONDS = 120.0
# Lambda polls these itself and waits; all other services invoke asynchronously.
_POLLED = ("aws:sqs", "aws:kinesis", "aws:dynamodb")
# Longer than any function may run, and wait for an environment before.
_PATIENCE_SECONDS = 1800

Outcome = dict[str, Any]


class Forwarding:
    """Runs what MiniStack wants run on the gateway, as one of MiniStack's executors."""

    def __init__(self, gateway: Endpoint) -> None:
        self._gateway = gateway

    def begin(self, lambda_module: Any) -> None:
        """Take the place of the executor for functions behind addresses, and have all use it."""
        lambda_module._proxy_url_for = lambda config: self._gateway.url
        lambda_module._execute_function_proxy = self.execute

    def execute(self, function: Mapping[str, Any], event: Any, url: str, request: str) -> Outcome:
        """Invoke; return what became of it in MiniStack's form, errors of any kind included."""
        name = (function.get("config") or function)["FunctionName"]
        try:
            return self._invoke(name, event)
        except Exception as failure:
            # MiniStack's poller takes it for a failed batch, and comes again.
            return _failed({"errorType": type(failure).__name__, "errorMessage": str(failure)})

    def _invoke(self, name: str, event: Any) -> Outcome:
        from botocore.exceptions import EndpointConnectionError

        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                answer = self._client.invoke(
                    FunctionName=name,
                    InvocationType="RequestResponse" if _polled(event) else "Event",
                    Payload=json.dumps(event),
                )
                break
            except EndpointConnectionError:
                # What waited in a queue while all of it was down must not fail for that.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        said = json.loads(answer["Payload"].read() or b"null")
        return _failed(said) if "FunctionError" in answer else {"body": said}

    @functools.cached_property
    def _client(self) -> Any:
        return self._gateway.client("lambda", read_timeout=_PATIENCE_SECONDS)


def _polled(event: Any) -> bool:
    records = event.get("Records") if isinstance(event, Mapping) else None
    first = records[0] if isinstance(records, list) and records else None
    return isinstance(first, Mapping) and first.get("eventSource") in _POLLED


def _failed(body: Any) -> Outcome:
    return {"body": body, "error": True}
