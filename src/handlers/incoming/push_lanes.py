"""Working off a batch: lane by lane, each in its order, and what cannot be done now is given back.

A lane stops at the first message that has to wait, and all behind it wait too: else what came later
would stand first in the conversation, and the positions would tell that the earlier one was seen.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from bot.errors import Busy, StoreUnavailable
from bot.lifecycle.deletion import BUDGET
from handlers.incoming.push_events import Record

LANES_AT_ONCE = 8

PATIENCE_SECONDS = 5.0
"""How long a lane waits in all while a reply is being written, before it is given back."""

PAUSE_SECONDS = 0.25

MARGIN = timedelta(seconds=6) + BUDGET
"""Kept of the function's time to end what is begun: a connection or a table that is slow, and a
deletion that a push goes on with."""

LONGEST_ABSENCE_SECONDS = 30

Sleep = Callable[[float], None]
HasTime = Callable[[], bool]


def patiently(
    take: Callable[[], object],
    patience: float,
    has_time: HasTime,
    sleep: Sleep = time.sleep,
) -> float:
    """Do it, and again while it is Busy; the patience that is left. Raises Busy once there is none,
    or the function's time is nearly up, and whatever else it raises at once."""
    while True:
        try:
            take()
            return patience
        except Busy:
            if patience < PAUSE_SECONDS or not has_time():
                raise
        sleep(PAUSE_SECONDS)
        patience -= PAUSE_SECONDS


def work_off(
    records: Sequence[Record],
    take: Callable[[Record], object],
    has_time: HasTime,
    sleep: Sleep = time.sleep,
) -> list[Record]:
    """Take the records; those that are given back, in their order."""
    lanes: dict[str, list[Record]] = {}
    for record in records:
        lanes.setdefault(record.lane, []).append(record)

    def work_off_lane(lane: list[Record]) -> list[Record]:
        patience = PATIENCE_SECONDS
        for number, record in enumerate(lane):
            if not has_time():
                return lane[number:]
            try:
                patience = patiently(partial(take, record), patience, has_time, sleep)
            except (Busy, StoreUnavailable):
                return lane[number:]
        return []

    if len(lanes) == 1:
        return work_off_lane(list(records))
    with ThreadPoolExecutor(LANES_AT_ONCE) as pool:
        return [record for rest in pool.map(work_off_lane, lanes.values()) for record in rest]


def absences(given_back: Sequence[Record]) -> dict[str, int]:
    """In how many seconds each may come again: later the more often it came, a lane all at once."""
    received: dict[str, int] = {}
    for record in given_back:
        received[record.lane] = max(received.get(record.lane, 0), record.received)
    return {
        record.receipt: min(2 ** min(received[record.lane], 10), LONGEST_ABSENCE_SECONDS)
        for record in given_back
    }
