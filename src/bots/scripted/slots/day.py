"""`date`: a day, kept as ISO 8601."""

import re
from datetime import date, timedelta
from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.slots.dates import MONTHS, WEEKDAYS, parse_date
from bots.scripted.slots.kind import Kind, Outcome, Unusable
from bots.scripted.text import Heard
from bots.scripted.wording import both

_WEEK = re.compile(r"\b(?:next|this) (?:week|month)\b", re.IGNORECASE)


class Day(Kind):
    """A day from `from_days` to `within_days` after today, on one of `weekdays`."""

    options = frozenset({"from_days", "within_days", "weekdays"})
    words = ("date", "day")
    echoed = True

    def find(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Find a day in the sentence; abbreviations of weekdays count only in an answer."""
        return parse_date(heard.text, today, loose=False)

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Read the answer to the question."""
        found = parse_date(heard.text, today, loose=True)
        week = _WEEK.search(heard.text)
        if week and not found:
            return Unusable(f"Which day {week.group().lower()} would suit you?")
        return found

    def trouble(self, slot: Slot, value: Any, today: date) -> str:
        """Say which bound the day passes."""
        day = date.fromisoformat(value)
        ahead, shown = (day - today).days, self.show(value)
        if slot.from_days is not None and ahead < slot.from_days:
            if ahead < 0:
                return f"{shown} has passed already."
            return f"{shown} is too soon: the first day I can offer is {_show(today, slot)}."
        if slot.within_days is not None and ahead > slot.within_days:
            if slot.within_days <= 0:
                return f"{shown} is still to come."
            return f"{shown} is too far ahead: I can go up to {slot.within_days} days from today."
        names = [name.casefold() for name in slot.weekdays]
        if names and WEEKDAYS[day.weekday()] not in names:
            offered = both(name.capitalize() for name in names)
            return f"{shown} does not work, sorry: I can offer {offered}."
        return ""

    def holds(self, slot: Slot, value: Any) -> bool:
        """Tell whether it is a day."""
        try:
            return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False

    def show(self, value: Any) -> str:
        """Give weekday, day, month and year."""
        day = date.fromisoformat(value)
        weekday, month = WEEKDAYS[day.weekday()].capitalize(), MONTHS[day.month - 1].capitalize()
        return f"{weekday} {day.day} {month} {day.year}"

    def hint(self, slot: Slot) -> str:
        """Give examples."""
        return "A day such as 'tomorrow', 'next Friday', '12 March' or '2030-03-12' will do."


def _show(today: date, slot: Slot) -> str:
    try:
        first = today + timedelta(days=slot.from_days or 0)
    except OverflowError:
        first = today
    return Day().show(first.isoformat())
