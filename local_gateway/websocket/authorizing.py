"""The authorizer's part of the handshake: identity sources before it, its result after it."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_gateway.websocket.api import WebSocketApi
from local_gateway.websocket.events import Event
from local_gateway.websocket.handshake import Handshake, last_values
from local_gateway.websocket.policy import MalformedPolicy, allows

MAX_RESULT_BYTES = 8 * 1024
UNAUTHORIZED = "Unauthorized"


@dataclass(frozen=True)
class Verdict:
    """What the authorizer's result means: 200 with a context, or the status of a refusal."""

    status: int
    context: Mapping[str, str]
    policy: Any = None


def identity_missing(api: WebSocketApi, handshake: Handshake, event: Event) -> bool:
    """Tell whether an identity source is missing or empty: 401, the function is not run."""
    if api.authorizer is None:
        return False
    return any(
        not _identity(source, api, handshake, event) for source in api.authorizer.identity_sources
    )


def judge(result: Any, method_arn: str) -> Verdict:
    """Turn an authorizer's return value into a verdict: 200, 403 or, where it is unusable, 500."""
    if not isinstance(result, Mapping) or not isinstance(result.get("principalId"), str):
        return Verdict(500, {})
    context = _stringified(result.get("context"))
    if context is None or len(json.dumps(result).encode()) > MAX_RESULT_BYTES:
        return Verdict(500, {})
    policy = result.get("policyDocument")
    try:
        status = 200 if allows(policy, method_arn) else 403
    except MalformedPolicy:
        return Verdict(500, {})
    return Verdict(status, {"principalId": result["principalId"], **context}, policy)


def judge_failure(reason: str) -> Verdict:
    """Turn a raised exception into a verdict: exactly ``Unauthorized`` is 401, all else 500."""
    return Verdict(401 if reason == UNAUTHORIZED else 500, {})


def _identity(source: str, api: WebSocketApi, handshake: Handshake, event: Event) -> str | None:
    place, _, name = source.rpartition(".")
    if place == "route.request.header":
        return handshake.header(name)
    if place == "route.request.querystring":
        return last_values(handshake.query).get(name)
    if place == "stageVariables":
        return api.stage_variables.get(name)
    if place.startswith("context"):
        found: Any = event["requestContext"]
        for step in source.split(".")[1:]:
            found = found.get(step) if isinstance(found, Mapping) else None
        return str(found) if found else None
    # `$request.…` is the HTTP APIs' syntax: it names nothing here.
    return None


def _stringified(context: Any) -> dict[str, str] | None:
    if context is None:
        return {}
    if not isinstance(context, Mapping):
        return None
    texts = {str(name): _text(value) for name, value in context.items()}
    if any(text is None for text in texts.values()):
        return None
    return {name: text for name, text in texts.items() if text is not None}


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    return None  # null, lists and objects: API Gateway refuses the whole result
