"""The id that every line about one request carries, from function to function.

A client's is API Gateway's id of the request: its access log has it, `error` frames show it, and
the order of a reply takes it along. Everything else goes by Lambda's id of the invocation.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.logging import Logger


def of_request(event: Mapping[str, Any]) -> str:
    """API Gateway's id of the request that an event is about."""
    return str(event["requestContext"].get("requestId") or "")


def begin(logger: Logger, correlation_id: str) -> None:
    """Have every line from here on carry it; the next invocation begins with its own."""
    logger.set_correlation_id(correlation_id)


def of_invocation(context: Any) -> str:
    """Lambda's id of the invocation; empty where it is not Lambda that invokes."""
    return str(getattr(context, "aws_request_id", ""))
