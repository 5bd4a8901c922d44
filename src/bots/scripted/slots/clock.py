"""`time`: a time of day, kept as HH:MM."""

import re
from datetime import date
from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.slots.dates import NUMBERS
from bots.scripted.slots.kind import Found, Kind, Outcome, Unusable
from bots.scripted.text import Heard

_HOUR = r"(?P<hour>\d{1,2}|" + "|".join(NUMBERS[1:]) + ")"
_FLAGS = re.IGNORECASE | re.ASCII
_HALF = r"(?: ?(?P<half>[ap])\.?m\b\.?)"
_CLEAR = (
    re.compile(
        rf"(?<![\d:.])(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?![\d.:/]){_HALF}?", _FLAGS
    ),
    re.compile(rf"\b(?P<part>half past|quarter past|quarter to) {_HOUR}\b{_HALF}?", _FLAGS),
    re.compile(rf"\b{_HOUR}{_HALF}", _FLAGS),
    re.compile(rf"\b{_HOUR} ?o'?clock\b{_HALF}?", _FLAGS),
    re.compile(r"\b(?P<word>noon|midday|midnight)\b", _FLAGS),
)
_BARE = re.compile(rf"\b{_HOUR}\b", _FLAGS)
_WORDS = {"noon": (12, 0), "midday": (12, 0), "midnight": (0, 0)}
_PARTS = {"half past": 30, "quarter past": 15, "quarter to": -15}


class Clock(Kind):
    """A time between `earliest` and `latest`, which also decide what "at 3" means."""

    options = frozenset({"earliest", "latest"})
    words = ("time", "hour")
    echoed = True

    def find(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Find a time that can be nothing else."""
        for expression in _CLEAR:
            if match := expression.search(heard.text):
                return _outcome(match, slot)
        return None

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Take a bare hour as well."""
        found = self.find(slot, heard, today)
        match = _BARE.search(heard.text)
        return found or (_outcome(match, slot) if match else None)

    def trouble(self, slot: Slot, value: Any, today: date) -> str:
        """Say which bound the time passes."""
        if slot.earliest and value < slot.earliest:
            return f"{value} is too early: the first time is {slot.earliest}."
        if slot.latest and value > slot.latest:
            return f"{value} is too late: the last time is {slot.latest}."
        return ""

    def holds(self, slot: Slot, value: Any) -> bool:
        """Tell whether it is a time."""
        return isinstance(value, str) and bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value))

    def hint(self, slot: Slot) -> str:
        """Give examples and the bounds."""
        bounds = f" from {slot.earliest}" if slot.earliest else ""
        bounds += f" until {slot.latest}" if slot.latest else ""
        return f"A time such as '14:30', '2pm' or 'noon'{bounds} will do."


def _outcome(match: re.Match[str], slot: Slot) -> Outcome:
    hour, minute = _read(match)
    if hour > 23 or minute > 59:
        return Unusable(f"There is no time '{match.group().strip()}'.", *match.span())
    if not match.groupdict().get("half") and hour < 12 and not match.groupdict().get("word"):
        hour = _likely(hour, minute, slot)
    return Found(f"{hour:02}:{minute:02}", *match.span())


def _read(match: re.Match[str]) -> tuple[int, int]:
    groups = match.groupdict()
    if groups.get("word"):
        return _WORDS[groups["word"].lower()]
    text = match["hour"].lower()
    hour = int(text) if text.isdigit() else NUMBERS.index(text)
    if groups.get("half"):
        if not 1 <= hour <= 12:
            return 99, 0
        hour = hour % 12 + (12 if groups["half"].lower() == "p" else 0)
    minutes = hour * 60 + int(
        groups.get("minute") or _PARTS.get(str(groups.get("part")).lower(), 0)
    )
    if int(groups.get("minute") or 0) > 59:
        return 99, 0
    return minutes // 60 if minutes >= 0 else 23, minutes % 60


def _likely(hour: int, minute: int, slot: Slot) -> int:
    """Take the half of the day that lies within the bounds, else the one people mean."""
    first, last = slot.earliest or "07:00", slot.latest or "18:59"
    morning, evening = f"{hour:02}:{minute:02}", f"{hour + 12:02}:{minute:02}"
    return hour + 12 if not first <= morning <= last and first <= evening <= last else hour
