"""Which route a message takes."""

import json
import re
from collections.abc import Mapping
from typing import Any

DEFAULT = "$default"
_RESERVED = ("$connect", "$disconnect")
_EXPRESSION = re.compile(r"\$request\.body\.([A-Za-z0-9_.\-]+)|\$\{request\.body\.([^}]+)\}")


def select(expression: str, body: str, routes: Mapping[str, Any]) -> str | None:
    """Return the key of the route that takes ``body``; None where there is not even a default."""
    key = _evaluate(expression, body)
    if key in routes and key not in _RESERVED:
        return key
    return DEFAULT if DEFAULT in routes else None


def _evaluate(expression: str, body: str) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return DEFAULT
    whole = _EXPRESSION.fullmatch(expression)
    if whole:
        return _at(document, whole)
    return _EXPRESSION.sub(lambda found: _at(document, found), expression)


def _at(document: Any, found: re.Match[str]) -> str:
    for step in (found[1] or found[2]).split("."):
        document = document.get(step) if isinstance(document, Mapping) else None
    return _text(document)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
