"""IAM policies as an authorizer returns them, evaluated for execute-api:Invoke."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_INVOKE = "execute-api:invoke"


class MalformedPolicy(Exception):
    """The policy document is not one that API Gateway can evaluate."""


def allows(document: Any, arn: str) -> bool:
    """Tell whether the policy allows invoking ``arn``: a Deny wins, no Allow is a denial.

    Raises MalformedPolicy where the document is not a policy.
    """
    verdicts = {_effect(s) for s in _statements(document) if _applies(s, arn)}
    return "Allow" in verdicts and "Deny" not in verdicts


def _statements(document: Any) -> list[Mapping[str, Any]]:
    if not isinstance(document, Mapping):
        raise MalformedPolicy("policyDocument is not an object")
    statements = document.get("Statement")
    found = [statements] if isinstance(statements, Mapping) else statements
    if not isinstance(found, list) or not found:
        raise MalformedPolicy("policyDocument has no Statement")
    for statement in found:
        if not isinstance(statement, Mapping):
            raise MalformedPolicy("a Statement is not an object")
        _effect(statement)
    return found


def _effect(statement: Mapping[str, Any]) -> str:
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise MalformedPolicy("a Statement's Effect is neither Allow nor Deny")
    return str(effect)


def _applies(statement: Mapping[str, Any], arn: str) -> bool:
    actions = _texts(statement, "Action")
    resources = _texts(statement, "Resource")
    return any(_matches(a.lower(), _INVOKE) for a in actions) and any(
        _matches(r, arn) for r in resources
    )


def _texts(statement: Mapping[str, Any], name: str) -> list[str]:
    found = statement.get(name)
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise MalformedPolicy(f"a Statement's {name} is neither a string nor a list of strings")
    return texts


def _matches(pattern: str, text: str) -> bool:
    return _expression(pattern).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    # `*` spans slashes. `stage/*/*` needs a second slash, which `stage/$connect` has not: the
    # denial that surprises people on AWS happens here too.
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in pattern), re.DOTALL)
