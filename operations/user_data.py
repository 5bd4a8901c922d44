"""The function that exports and erases (src/handlers/user_data.py), as the commands call it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from operations.deployment import Deployment
from operations.failures import OperationFailed, told

Call = Callable[[Mapping[str, Any]], dict[str, Any]]

ATTEMPTS = 3
"""Calls in a row that may fail: every one may be made again, whatever became of it."""


PASSING = (429, 500, 502, 503, 504)
"""Refusals by Lambda itself that pass."""

Sleep = Callable[[float], object]


class CallFailed(Exception):
    """One call failed; the message says how. What it has done until then is done."""


def caller(deployment: Deployment) -> Call:
    """The way to the function. Raises OperationFailed where there is none; calls, CallFailed."""
    if not deployment.user_data_function:
        raise OperationFailed("this deployment has no function for a user's data: it is older")
    client = deployment.functions()

    def call(event: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = client.invoke(
                FunctionName=deployment.user_data_function, Payload=json.dumps(event).encode()
            )
            said: dict[str, Any] = json.loads(answer["Payload"].read())
        except ClientError as refused:
            if refused.response["ResponseMetadata"]["HTTPStatusCode"] in PASSING:
                raise CallFailed(refused.response["Error"]["Code"]) from refused
            with told(deployment.user_data_function):
                raise refused from None
        except (BotoCoreError, OSError, ValueError) as error:
            raise CallFailed(f"no answer: {type(error).__name__}") from error
        if "FunctionError" in answer:
            raise CallFailed(f"{said.get('errorType')}: {said.get('errorMessage')}")
        return said

    return call


def insist(
    call: Call, event: Mapping[str, Any], failed: Callable[[CallFailed], object], sleep: Sleep
) -> Any:
    """Call again where a call fails, telling so. Raises OperationFailed where it fails for good."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return call(event)
        except CallFailed as failure:
            failed(failure)
            if attempt == ATTEMPTS:
                raise OperationFailed(str(failure)) from failure
            sleep(attempt)
    raise AssertionError("it is either answered or given up")


def sheets(
    call: Call, user_id: str, failed: Callable[[CallFailed], object], sleep: Sleep
) -> Iterator[Any]:
    """The sheets of an export, one after the other. Raises OperationFailed."""
    cursor = None
    while True:
        event = {"operation": "export", "userId": user_id, "cursor": cursor}
        sheet = insist(call, event, failed, sleep)
        yield sheet["items"]
        cursor = sheet["cursor"]
        if cursor is None:
            return
