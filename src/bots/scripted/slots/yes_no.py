"""`yes_no`: a decision."""

from datetime import date
from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.slots.kind import Found, Kind, Outcome
from bots.scripted.text import Heard
from bots.scripted.vocabulary import verdict


class YesNo(Kind):
    """Yes or no; never taken out of a sentence that answers something else."""

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Look at how the answer begins."""
        said = verdict(heard.tokens)
        return None if said is None else Found(said, 0, len(heard.text))

    def holds(self, slot: Slot, value: Any) -> bool:
        """Tell whether it is a decision."""
        return isinstance(value, bool)

    def show(self, value: Any) -> str:
        """Give the word."""
        return "yes" if value else "no"

    def hint(self, slot: Slot) -> str:
        """Ask for one of the two."""
        return "Please answer yes or no."
