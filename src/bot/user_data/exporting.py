"""Telling everything that is kept of a user, sheet by sheet: an answer has its limit (6 MB)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.user_data.holdings import START, Held, Place
from bot.user_data.ports import Holdings

SHEET_BYTES = 4 * 1024 * 1024
"""Of JSON, each character beyond ASCII as an escape: however an answer is encoded, it is no longer,
and with the largest thing behind it still below Lambda's 6 MB.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

STEP = 100
"""Things read at a time: compressed as they are, they may be a hundred times as long when told."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Things that are kept, each with its `kind`; `cursor` is where to go on, None at the end."""

    items: Sequence[Mapping[str, Any]]
    cursor: Place | None


def sheet(holdings: Holdings, user_id: str, begin: Place = START) -> Sheet:
    """Tell what lies behind `begin`, as much as fits into one answer, and one thing at least.

    Read strongly consistent, thing by thing: it is not one moment of them all.
    """
    items: list[Mapping[str, Any]] = []
    room = SHEET_BYTES
    place: Place | None = begin
    last = begin
    while place:
        shown = holdings.behind(user_id, place, STEP)
        for held in shown.things:
            item = _told(held)
            room -= len(json.dumps(item))
            if items and room < 0:
                return Sheet(items, last)
            items.append(item)
            last = held.place
        place = shown.following
    return Sheet(items, None)


def _told(held: Held) -> Mapping[str, Any]:
    return {"kind": held.kind.value, **held.contents}
