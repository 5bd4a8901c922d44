"""How long an invocation may go on: Lambda kills a function once its Timeout is over.

A margin is kept to end what is begun, and half of the time where that is less: however short its
Timeout, a function gets somewhere.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol


class Context(Protocol):
    """What is needed of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the function is killed."""
        ...


def time_to_use(context: Context, margin: timedelta) -> timedelta:
    """How long it may go on from now."""
    left = _left(context)
    return left - min(margin, left / 2)


def time_check(context: Context, margin: timedelta) -> Callable[[], bool]:
    """What says, whenever it is asked from now on, whether more may be begun."""
    kept = min(margin, _left(context) / 2)
    return lambda: _left(context) >= kept


def _left(context: Context) -> timedelta:
    return timedelta(milliseconds=context.get_remaining_time_in_millis())
