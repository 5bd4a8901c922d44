"""The types that a slot can have."""

from bots.scripted.flow import Slot
from bots.scripted.slots.choice import Choice
from bots.scripted.slots.clock import Clock
from bots.scripted.slots.code import Code
from bots.scripted.slots.contact import Email, Phone
from bots.scripted.slots.day import Day
from bots.scripted.slots.free_text import FreeText
from bots.scripted.slots.kind import Found, Kind, Outcome, Unusable
from bots.scripted.slots.number import Number
from bots.scripted.slots.yes_no import YesNo

KINDS: dict[str, Kind] = {
    "email": Email(),
    "code": Code(),
    "date": Day(),
    "time": Clock(),
    "phone": Phone(),
    "choice": Choice(),
    "number": Number(),
    "text": FreeText(),
    "yes_no": YesNo(),
}
"""By the name that a flow file uses, in the order in which a sentence is searched for them."""


def kind_of(slot: Slot) -> Kind:
    """Give what the slot's type can do."""
    return KINDS[slot.type]


__all__ = ["KINDS", "Found", "Kind", "Outcome", "Unusable", "kind_of"]
