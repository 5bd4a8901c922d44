"""Names of a conversation's lives, which sort in the order of their beginning.

A deletion leaves tombstones behind, and only a later life may take their place: a writer that still
takes an earlier one for alive must lose, whosever tombstone it meets (docs/adr/0003-deletion.md).
"""

from datetime import datetime

_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_BIRTH_DIGITS = 7
"""Seconds since 1970 to the base of 32, until the year 3058."""


def new_epoch(now: datetime, buried: str, suffix: str) -> str:
    """Name a life that begins now: after `buried`, the latest that has ended, if any has."""
    seconds = int(now.timestamp())
    if buried:
        seconds = max(seconds, int(birth(buried), 32) + 1)  # clocks differ
    digits = [_DIGITS[seconds >> shift & 31] for shift in range(5 * _BIRTH_DIGITS - 5, -1, -5)]
    return "".join(digits) + suffix


def birth(epoch: str) -> str:
    """What all earlier epochs sort before."""
    return epoch[:_BIRTH_DIGITS]
