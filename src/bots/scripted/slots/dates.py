"""Days as people name them, relative to the day the message was sent."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from bots.scripted.slots.kind import Found, Outcome, Unusable

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)

_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|" + "|".join(MONTHS) + ")"
_WEEKDAY = r"(?P<weekday>mon|tues?|wed|thu(?:rs?)?|fri|sat|sun|" + "|".join(WEEKDAYS) + r")"
_COUNT = r"(?P<count>\d{1,3}|a|an|" + "|".join(NUMBERS) + ")"
_FULL_NAME = re.compile("|".join(WEEKDAYS) + "|tues?|wed|thu(?:rs?)?|fri", re.IGNORECASE)


def parse_date(text: str, today: date, *, loose: bool) -> Outcome:
    """Find the first kind of day that `text` names; `loose` allows what only an answer can mean."""
    for expression, day_of in _FORMS:
        for match in expression.finditer(text):
            if not loose and not _unmistakable(match):
                continue
            try:
                day = day_of(match, today)
            except (ValueError, OverflowError):
                return Unusable(f"There is no day '{match.group()}'.", *match.span())
            return Found(day.isoformat(), *match.span())
    return None


def _unmistakable(match: re.Match[str]) -> bool:
    weekday = match.groupdict().get("weekday")
    return weekday is None or _FULL_NAME.fullmatch(weekday) is not None


def _iso(match: re.Match[str], today: date) -> date:
    return date(int(match["year"]), int(match["number"]), int(match["day"]))


def _numeric(match: re.Match[str], today: date) -> date:
    return _calendar(int(match["day"]), int(match["number"]), match["year"], today)


def _named(match: re.Match[str], today: date) -> date:
    month = [name[:3] for name in MONTHS].index(match["month"][:3].lower()) + 1
    return _calendar(int(match["day"]), month, match["year"], today)


def _calendar(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    for ahead in range(9):
        try:
            candidate = date(today.year + ahead, month, day)
        except ValueError:
            if (month, day) != (2, 29):
                raise
            continue
        if candidate >= today:
            return candidate
    raise ValueError


def _in(match: re.Match[str], today: date) -> date:
    word = match["count"].lower()
    count = int(word) if word.isdigit() else NUMBERS.index(word) if word in NUMBERS else 1
    return today + timedelta(days=count * (7 if match["unit"].lower() == "week" else 1))


def _weekday(match: re.Match[str], today: date) -> date:
    wanted = [name[:3] for name in WEEKDAYS].index(match["weekday"][:3].lower())
    if (match["which"] or "").lower() == "next":
        return today + timedelta(days=7 - today.weekday() + wanted)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _of_month(match: re.Match[str], today: date) -> date:
    day, first = int(match["day"]), today.replace(day=1)
    for _ in range(4):
        try:
            candidate = first.replace(day=day)
        except ValueError:
            candidate = today - timedelta(days=1)
        if candidate >= today:
            return candidate
        first = (first + timedelta(days=31)).replace(day=1)
    raise ValueError


def _ahead(days: int) -> Callable[[re.Match[str], date], date]:
    return lambda match, today: today + timedelta(days=days)


def _form(
    expression: str, day_of: Callable[[re.Match[str], date], date]
) -> tuple[re.Pattern[str], Callable[[re.Match[str], date], date]]:
    bounded = rf"(?<![\w/.-]){expression}(?![\w/]|[.-]\w)"
    return re.compile(bounded, re.IGNORECASE | re.ASCII), day_of


_FORMS = (
    _form(r"(?P<year>\d{4})-(?P<number>\d{1,2})-(?P<day>\d{1,2})", _iso),
    _form(
        r"(?P<day>\d{1,2})(?P<mark>[/.])(?P<number>\d{1,2})(?:(?P=mark)(?P<year>\d{4}|\d{2}))?",
        _numeric,
    ),
    _form(rf"{_DAY}(?: of)? {_MONTH}\b,?(?: (?P<year>\d{{4}}))?", _named),
    _form(rf"{_MONTH}\.? (?:the )?{_DAY}(?:,? (?P<year>\d{{4}}))?", _named),
    _form(rf"in {_COUNT} (?P<unit>day|week)s?(?: time)?", _in),
    _form(r"(?:the )?day after tomm?orr?ow", _ahead(2)),
    _form(r"tomm?orr?ow|tmrw", _ahead(1)),
    _form(r"today|tonight", _ahead(0)),
    _form(rf"(?:(?P<which>next|this|coming|on) )?{_WEEKDAY}", _weekday),
    _form(r"(?:on )?the (?P<day>\d{1,2})(?:st|nd|rd|th)", _of_month),
)
