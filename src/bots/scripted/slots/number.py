"""`number`: how many, how much."""

import re
from datetime import date
from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.slots.dates import NUMBERS
from bots.scripted.slots.kind import Found, Kind, Outcome, Unusable
from bots.scripted.text import Heard, split

_NUMBER = re.compile(
    r"(?<![\w.,])-?\d{1,9}(?:[.,]\d{1,4})?(?![\d])|\b(?:" + "|".join(NUMBERS) + r")\b",
    re.IGNORECASE | re.ASCII,
)


class Number(Kind):
    """A number from `min` to `max`; in a sentence only next to one of `units`."""

    options = frozenset({"min", "max", "whole", "units"})
    words = ("number", "amount")

    def find(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Find a number with its unit."""
        units = {unit.casefold() for unit in slot.units}
        for match in _NUMBER.finditer(heard.text):
            following = split(heard.text[match.end() : match.end() + 40])
            if following and following[0].text in units:
                end = match.end() + following[0].end
                return _outcome(match, slot, end)
        return None

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Take the one number of the answer."""
        found = self.find(slot, heard, today)
        matches = list(_NUMBER.finditer(heard.text))
        if found or not matches:
            return found
        if len(matches) > 1:
            return Unusable("I see more than one number there. Which one shall I take?")
        return _outcome(matches[0], slot, matches[0].end())

    def trouble(self, slot: Slot, value: Any, today: date) -> str:
        """Say which bound the number passes."""
        if slot.min is not None and value < slot.min:
            return f"{self.show(value)} is too small: it should be at least {self.show(slot.min)}."
        if slot.max is not None and value > slot.max:
            return f"{self.show(value)} is too large: it can be {self.show(slot.max)} at most."
        return ""

    def holds(self, slot: Slot, value: Any) -> bool:
        """Tell whether it is a number, and a whole one where that is asked for."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e10:
            return False
        return isinstance(value, int) or not slot.whole

    def show(self, value: Any) -> str:
        """Leave out what stands behind the point when it is nothing."""
        return str(int(value)) if value == int(value) else str(value)

    def hint(self, slot: Slot) -> str:
        """Name the bounds."""
        if slot.min is not None and slot.max is not None:
            return f"Please give a number from {self.show(slot.min)} to {self.show(slot.max)}."
        return "Please give a number."


def _outcome(match: re.Match[str], slot: Slot, end: int) -> Outcome:
    text = match.group().lower()
    value = float(NUMBERS.index(text)) if text in NUMBERS else float(text.replace(",", "."))
    if slot.whole:
        if value != int(value):
            return Unusable("Please give a whole number.", match.start(), end)
        return Found(int(value), match.start(), end)
    return Found(value, match.start(), end)
