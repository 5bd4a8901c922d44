"""Fills templates. A template names values and does nothing else."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from bots.scripted.flow import ANY, Case, Ending, Slot
from bots.scripted.slots import kind_of

AnyCase = TypeVar("AnyCase", Case, Ending)

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def names_in(template: str) -> list[str]:
    """Give the names that `template` asks for."""
    return _PLACE.findall(template)


def fill(template: str, shown: Mapping[str, str]) -> str:
    """Put values in their places, once: what a person wrote is never read as a template."""
    return _PLACE.sub(lambda match: shown.get(match[1], ""), template).strip()


def show(slot: Slot, value: Any, none: str) -> str:
    """Give a slot's value as a person reads it; `none` stands for a question left out."""
    return none if value is None else kind_of(slot).show(value)


def label(name: str, slot: Slot) -> str:
    """Give what a slot is called."""
    return slot.label or name.replace("_", " ")


def applies(when: Mapping[str, list[str]], shown: Mapping[str, str]) -> bool:
    """Tell whether every value named in `when` is one of those listed there."""
    return all(
        name in shown and (ANY in allowed or shown[name] in allowed)
        for name, allowed in when.items()
    )


def choose(cases: Iterable[AnyCase], shown: Mapping[str, str]) -> AnyCase | None:
    """Give the first case that applies; None where none does."""
    return next((case for case in cases if applies(case.when, shown)), None)
