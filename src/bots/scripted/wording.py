"""Lists as people say them."""

from collections.abc import Iterable


def either(items: Iterable[str]) -> str:
    """Join with commas and a last `or`."""
    return _join(list(items), "or")


def both(items: Iterable[str]) -> str:
    """Join with commas and a last `and`."""
    return _join(list(items), "and")


def _join(items: list[str], last: str) -> str:
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
