"""`code`: a number of the flow's own form, such as SR-123456."""

import re
from datetime import date
from functools import lru_cache
from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.slots.kind import Found, Kind, Outcome
from bots.scripted.text import Heard
from bots.scripted.wording import either


class Code(Kind):
    """One of `formats`: `#` is a digit, `@` a letter, all else itself.

    Case, spaces and hyphens do not matter, and in an answer the letters in front may be left out.
    The expression made of a format has a fixed length, so it cannot be slow.
    """

    options = frozenset({"formats"})
    words = ("number", "code", "reference")

    def find(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Find a code in full."""
        for form in slot.formats:
            if match := _expression(form).search(heard.text):
                return Found(_written(form, match.group()), *match.span())
        return None

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Take a code without its first letters."""
        found = self.find(slot, heard, today)
        for form in slot.formats:
            prefix = re.match(r"[^#@]*", form)
            bare = form[prefix.end() :] if prefix else form
            if not found and bare and (match := _expression(bare).search(heard.text)):
                found = Found(_written(form, form[: -len(bare)] + match.group()), *match.span())
        return found

    def holds(self, slot: Slot, value: Any) -> bool:
        """Tell whether it is written in one of the formats."""
        return isinstance(value, str) and any(
            _expression(form).fullmatch(value) for form in slot.formats
        )

    def hint(self, slot: Slot) -> str:
        """Give an example of each format."""
        return f"It looks like {either(example(form) for form in slot.formats)}."

    def longest(self, slot: Slot) -> int:
        """Give the length of the longest format."""
        return max(map(len, slot.formats), default=0)


def example(form: str) -> str:
    """Fill a format in."""
    digits = iter("4821736509" * 10)
    letters = iter("KMTRAXBWQZ" * 10)
    return "".join(
        next(digits) if sign == "#" else next(letters) if sign == "@" else sign for sign in form
    )


@lru_cache(maxsize=64)
def _expression(form: str) -> re.Pattern[str]:
    signs = {"#": r"\d", "@": "[a-z]"}
    parts = [signs.get(sign, re.escape(sign)) for sign in form if sign not in " -"]
    return re.compile(r"(?<![\w-])" + "[ -]?".join(parts) + r"(?!\w)", re.IGNORECASE | re.ASCII)


def _written(form: str, text: str) -> str:
    signs = iter(sign for sign in text.upper() if sign not in " -")
    return "".join(sign if sign in " -" else _sign(sign, next(signs)) for sign in form)


def _sign(formal: str, said: str) -> str:
    return said if formal in "#@" else formal
