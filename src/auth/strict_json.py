"""JSON as tokens and keys must have it: no name twice, no number past all bounds, not too deep.

A parser that takes the last of two equal names shows another token than one that takes the first
(RFC 7515, section 4; RFC 7519, section 4).
"""

import json
from collections.abc import Iterable
from math import isfinite
from typing import Any, NoReturn

MAX_DEPTH = 16
"""Objects and arrays within each other: providers nest roles four deep."""


def read(encoded: bytes) -> Any:
    """Read a JSON text in UTF-8. Raises ValueError."""
    try:
        value = _DECODER.decode(encoded.decode())
    except RecursionError:
        raise ValueError("too deep") from None
    _check_depth(value, MAX_DEPTH)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number without end")
    return number


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError("a number without end")


def _check_depth(value: Any, left: int) -> None:
    members: Iterable[Any]
    if isinstance(value, dict):
        members = value.values()
    elif isinstance(value, list):
        members = value
    else:
        return
    if not left:
        raise ValueError("too deep")
    for member in members:
        if isinstance(member, (dict, list)):
            _check_depth(member, left - 1)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant
)
