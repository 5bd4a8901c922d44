"""`text`: whatever the person writes."""

from datetime import date
from functools import lru_cache
from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.pattern import Pattern, compile_pattern
from bots.scripted.slots.kind import Found, Kind, Outcome, Unusable
from bots.scripted.text import Heard

_LONGEST = 200
_ENDS = ",;!?\n"


class FreeText(Kind):
    """An answer in the person's own words, without the `lead_ins` ("my name is") before it.

    `answer_lead_ins` ("I am") are too common to be looked for in any sentence: they are left out
    of answers alone.
    """

    options = frozenset({"min_length", "max_length", "lead_ins", "answer_lead_ins"})

    def find(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Take what follows a lead-in, up to the end of that part of the sentence."""
        start = _behind(slot.lead_ins, heard)
        if start < 0:
            return None
        end = len(heard.text)
        for mark in (*_ENDS, ". ", " and ", " but "):
            at = heard.text.find(mark, start)
            end = at if start < at < end else end
        value = heard.text[start:end].strip(" .:")
        return Found(value, start, end) if value and not self.trouble(slot, value, today) else None

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Take the whole message, or what follows the lead-in it begins with."""
        lead_ins = [*slot.lead_ins, *slot.answer_lead_ins]
        start = _behind(lead_ins, heard, first=True)
        value = heard.whole[max(start, 0) :].strip(" :").removesuffix(".") or heard.whole
        if not heard.words:
            return None
        why = self.trouble(slot, value, today)
        return Unusable(why) if why else Found(value, 0, len(heard.text))

    def trouble(self, slot: Slot, value: Any, today: date) -> str:
        """Hold the length within its bounds."""
        if len(value) > self.longest(slot):
            return f"That is a little long. Could you say it in {self.longest(slot)} characters?"
        if len(value) < (slot.min_length or 1):
            return "Could you say a little more?"
        return ""

    def hint(self, slot: Slot) -> str:
        """Ask for their own words."""
        return "Please answer in your own words."

    def longest(self, slot: Slot) -> int:
        """Give `max_length`."""
        return slot.max_length or _LONGEST


def _behind(lead_ins: list[str], heard: Heard, *, first: bool = False) -> int:
    for lead_in in lead_ins:
        place = _compiled(lead_in).find(heard.tokens)
        if place and place[1] < len(heard.words) and (place[0] == 0 or not first):
            return heard.words[place[1]].start
    return -1


@lru_cache(maxsize=256)
def _compiled(lead_in: str) -> Pattern:
    return compile_pattern(lead_in)
