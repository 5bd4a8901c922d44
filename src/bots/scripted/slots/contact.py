"""`email` and `phone`: how to reach a person."""

import re
from datetime import date

from bots.scripted.flow import Slot
from bots.scripted.slots.kind import Found, Kind, Outcome, Unusable
from bots.scripted.text import Heard

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}\b",
    re.IGNORECASE | re.ASCII,
)
_PHONE = re.compile(r"(?<![\w-])(?:\+|\()?\d[\d ()./-]{3,24}\d(?!\w)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}", re.ASCII)
_DIGITS = range(7, 16)


class Email(Kind):
    """An e-mail address."""

    words = ("email", "e mail", "mail", "address")

    def find(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Find an address."""
        match = _EMAIL.search(heard.text)
        if match and len(match.group()) <= self.longest(slot):
            return Found(match.group(), *match.span())
        return None

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Say what an address that is not one lacks."""
        found = self.find(slot, heard, today)
        if not found and "@" in heard.text:
            return Unusable("That address does not look complete.")
        return found

    def hint(self, slot: Slot) -> str:
        """Give an example."""
        return "An e-mail address looks like name@example.com."

    def longest(self, slot: Slot) -> int:
        """Bound it as the mail standards do, and a little lower."""
        return 120


class Phone(Kind):
    """A telephone number of 7 to 15 digits, kept without what stands between them."""

    words = ("phone", "telephone", "mobile", "phone number", "telephone number", "number")
    echoed = True

    def find(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Find enough digits in a row."""
        for match in _PHONE.finditer(heard.text):
            number = re.sub(r"[^\d+]", "", match.group())
            if len(number.lstrip("+")) in _DIGITS and not _DATE.fullmatch(match.group()):
                return Found(number, *match.span())
        return None

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Say when there are too few or too many digits."""
        found = self.find(slot, heard, today)
        digits = sum(character.isdigit() for character in heard.text)
        if not found and digits > 2:
            return Unusable(f"That has {digits} digits; a telephone number has 7 to 15.")
        return found

    def hint(self, slot: Slot) -> str:
        """Give an example."""
        return "A telephone number looks like 020 7946 0123 or +44 20 7946 0123."
