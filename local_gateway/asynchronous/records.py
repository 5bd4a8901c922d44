"""What Lambda writes about an asynchronous invocation once it is done with it.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
from collections.abc import Mapping
from typing import Any

from local_gateway.asynchronous.event import SUCCESS, QueuedEvent
from local_gateway.clock import iso8601
from local_gateway.functions.function import LATEST

Record = dict[str, Any]

_MAX_ERROR_BYTES = 1024


def destination_record(
    event: QueuedEvent, arn: str, condition: str, answer: Any, now: float
) -> Record:
    """Return the record for a destination; ``answer`` is the function's last, None without one."""
    record: Record = {
        "version": "1.0",
        "timestamp": iso8601(now),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{arn}:{LATEST}",
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": json.loads(event.body),
    }
    if event.attempts:
        response: Record = {"statusCode": 200, "executedVersion": LATEST}
        failed = {} if condition == SUCCESS else {"functionError": "Unhandled"}
        record |= {"responseContext": {**response, **failed}, "responsePayload": answer}
    return record


def dead_letter_attributes(event: QueuedEvent) -> Mapping[str, Mapping[str, str]]:
    """Return the attributes of a dead letter, whose body is the event itself."""
    attributes = {"RequestID": {"DataType": "String", "StringValue": event.request_id}}
    if event.failure is not None:
        said = str(event.failure.get("errorMessage") or "-").encode()[:_MAX_ERROR_BYTES]
        attributes["ErrorCode"] = {"DataType": "Number", "StringValue": "200"}
        attributes["ErrorMessage"] = {
            "DataType": "String",
            "StringValue": said.decode(errors="ignore"),
        }
    return attributes
