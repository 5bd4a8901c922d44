"""Values worked out from answers, from the message's id and from the day: never from chance."""

from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from bots.scripted.flow import Computed
from bots.scripted.slots.day import Day


def compute(
    name: str,
    rule: Computed,
    values: Mapping[str, Any],
    shown: Mapping[str, str],
    message_id: str,
    today: date,
) -> str:
    """Give the value of `rule`; the same arguments always give the same value."""
    if rule.type == "reference":
        return f"{rule.prefix}{_number(f'{name}:{message_id}') % 10**rule.digits:0{rule.digits}}"
    if rule.type == "lookup":
        return rule.table.get(shown.get(rule.slot, ""), "")
    if rule.type == "pick":
        return rule.texts[_number(shown.get(rule.slot, "")) % len(rule.texts)]
    base = values.get(rule.slot) or today.isoformat()
    try:
        day = date.fromisoformat(base) + timedelta(days=rule.days or 0)
    except OverflowError:
        return ""
    return Day().show(day.isoformat())


def _number(text: str) -> int:
    return int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
