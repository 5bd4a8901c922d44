"""Finds the values of several slots in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.slots import KINDS, Found, Outcome, kind_of
from bots.scripted.text import Heard, words_of
from bots.scripted.vocabulary import denied

_TRIES, _NEAR = 4, 30


@dataclass
class Spotted:
    """Values and refusals by slot, and what is left of the sentence."""

    rest: Heard
    values: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def spot(slots: Mapping[str, Slot], heard: Heard, today: date) -> Spotted:
    """Search `heard` for every slot, each part of it used once."""
    spotted = Spotted(heard)
    for kind in KINDS:
        for name, slot in slots.items():
            if slot.type == kind:
                take(spotted, name, slot, search(slot, spotted.rest, today), today)
    return spotted


def take(spotted: Spotted, name: str, slot: Slot, outcome: Outcome, today: date) -> None:
    """Put an outcome where it belongs and blank the words it came from."""
    if outcome is None:
        return
    why = kind_of(slot).trouble(slot, outcome.value, today) if isinstance(outcome, Found) else ""
    if isinstance(outcome, Found) and not why:
        spotted.values[name] = outcome.value
    else:
        spotted.refused[name] = why or getattr(outcome, "why", "")
    spotted.rest = spotted.rest.without(outcome.start, outcome.end)


def search(slot: Slot, heard: Heard, today: date) -> Outcome:
    """Find the slot's value, passing over what the sentence denies ("not Friday, Monday")."""
    for _ in range(_TRIES):
        outcome = kind_of(slot).find(slot, heard, today)
        if outcome is None or not _denied(heard.text[: outcome.start]):
            return outcome
        heard = heard.without(outcome.start, outcome.end)
    return None


def _denied(before: str) -> bool:
    before = before[-_NEAR:]
    said = before.rstrip(" ")
    # What was denied itself has been blanked: a wide gap is not one between neighbours.
    return said[-1:].isalnum() and len(before) - len(said) < 3 and denied(words_of(said))
