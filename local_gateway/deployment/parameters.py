"""The template's parameters and what the user set them to."""

from collections.abc import Mapping
from typing import Any

from local_gateway.deployment.template import Template
from local_gateway.errors import StartupError


def parse_overrides(words: list[str]) -> dict[str, str]:
    """Read ``--parameter-overrides`` as the SAM CLI does.

    ``Name=value`` and ``ParameterKey=Name,ParameterValue=value``, one a word or several in one.
    Raises StartupError on what is neither.
    """
    overrides: dict[str, str] = {}
    name = ""
    for part in " ".join(words).split(" "):
        assignment = _assignment(part)
        if assignment is not None:
            name, value = assignment
            overrides[name] = value
        elif name:
            overrides[name] += f" {part}"  # a value with spaces in it
        elif part:
            raise _nonsense(part)
    return {key: _unquoted(value.strip()) for key, value in overrides.items()}


def parameter_values(template: Template, overrides: Mapping[str, str]) -> dict[str, str]:
    """Return a value for every parameter; raise StartupError on one too many or too few."""
    unknown = [name for name in overrides if name not in template.parameters]
    if unknown:
        raise StartupError(f"{template.path}: there is no parameter {', '.join(unknown)}")
    defaults = {
        name: _text(parameter["Default"])
        for name, parameter in template.parameters.items()
        if "Default" in (parameter or {})
    }
    values = {**defaults, **overrides}
    missing = [name for name in template.parameters if name not in values]
    if missing:
        raise StartupError(f"{template.path}: parameter {', '.join(missing)} needs a value")
    return values


def _assignment(part: str) -> tuple[str, str] | None:
    if part.startswith("ParameterKey="):
        key, _, value = part.removeprefix("ParameterKey=").partition(",ParameterValue=")
    else:
        key, equals, value = part.partition("=")
        if not equals:
            return None
    if not key.isalnum():
        raise _nonsense(part)
    return key, value


def _nonsense(part: str) -> StartupError:
    return StartupError(f"--parameter-overrides: {part!r} is not Name=value")


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
