"""DynamoDB's attribute values, and what they weigh.

Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Mapping
from typing import Any

Item = dict[str, dict[str, Any]]

WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096


def string(text: str) -> dict[str, str]:
    """A string attribute."""
    return {"S": text}


def number(value: float) -> dict[str, str]:
    """A number attribute."""
    return {"N": f"{value:.10g}" if isinstance(value, float) else str(value)}


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes that an item of scalars takes, as capacity is reckoned."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "N":
        return (len(content.lstrip("-").replace(".", "")) + 1) // 2 + 1
    if kind == "BOOL":
        return 1
    return len(content.encode() if kind == "S" else content)
