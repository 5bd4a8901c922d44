"""How long, how large and of what letters the parts of a flow may be."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bots.scripted.flow import Answer, Computed, Dialogue, Flow, Slot
from bots.scripted.source import Path

Problem = tuple[Path, str]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")
_LONGEST_TEXT, _LONGEST_LABEL = 4_000, 100
_RANGES = {
    "min_length": (1, 1_000),
    "max_length": (1, 1_000),
    "min": (-1e9, 1e9),
    "max": (-1e9, 1e9),
    "from_days": (-36_500, 36_500),
    "within_days": (-36_500, 36_500),
    "digits": (3, 12),
    "days": (-3_650, 3_650),
}
_OPTIONAL = frozenset(
    {"label", "intro", "confirm", "invalid", "unsure", "then", "prefix", "slot"}
    | {"earliest", "latest"}
)
_LABELS = ("name", "title", "label", "prefix")
_ORDERED = (
    ("min", "max"),
    ("min_length", "max_length"),
    ("from_days", "within_days"),
    ("earliest", "latest"),
)


def check_bounds(flow: Flow) -> Iterator[Problem]:
    """Give every part that is out of bounds."""
    yield from _part((), flow)
    if not flow.fallback:
        yield ("fallback",), "'fallback' needs a text at least"
    if not flow.dialogues:
        yield ("dialogues",), "there must be a dialogue at least"
    if not _OFFSET.fullmatch(flow.utc_offset):
        yield ("utc_offset",), f"{flow.utc_offset!r} is no offset such as '+01:00'"
    yield from _each(("answers",), flow.answers)
    yield from _each(("dialogues",), flow.dialogues)
    for name, dialogue in flow.dialogues.items():
        if not dialogue.done:
            yield ("dialogues", name, "done"), "'done' needs a text at least"
        yield from _each(("dialogues", name, "slots"), dialogue.slots)
        yield from _each(("dialogues", name, "compute"), dialogue.compute)
        for key, slot in dialogue.slots.items():
            yield from _slot(("dialogues", name, "slots", key), slot)


def _each(
    place: Path, parts: Mapping[str, Answer | Dialogue | Slot | Computed]
) -> Iterator[Problem]:
    for name, part in parts.items():
        if not _NAME.fullmatch(name):
            yield (*place, name), f"{name!r} is not a name: a to z, digits and _, a letter first"
        yield from _part((*place, name), part)


def _part(place: Path, part: Any) -> Iterator[Problem]:
    for key, value in vars(part).items():
        if isinstance(value, str):
            needed = key not in _OPTIONAL and not (key == "help" and isinstance(part, Slot))
            yield from _text((*place, key), key, value, needed=needed)
        elif isinstance(value, list):
            for index, one in enumerate(value):
                said = one if isinstance(one, str) else one.say
                if not said.strip() or len(said) > _LONGEST_TEXT:
                    yield (*place, key, index), f"a text in {key!r} is empty or too long"
        elif key in _RANGES and value is not None:
            least, most = _RANGES[key]
            if not least <= value <= most:
                yield (*place, key), f"{key!r} should be from {least:g} to {most:g}, not {value}"


def _text(place: Path, key: str, value: str, *, needed: bool) -> Iterator[Problem]:
    longest = _LONGEST_LABEL if key in _LABELS else _LONGEST_TEXT
    if needed and not value.strip():
        yield place, f"{key!r} is empty"
    if len(value) > longest:
        yield place, f"{key!r} is longer than {longest} characters"


def _slot(place: Path, slot: Slot) -> Iterator[Problem]:
    for key in ("earliest", "latest"):
        value = getattr(slot, key)
        if value and not _TIME.fullmatch(value):
            yield (*place, key), f"{key!r} should be a time such as '09:00', not {value!r}"
    for low, high in _ORDERED:
        least, most = getattr(slot, low), getattr(slot, high)
        if least not in (None, "") and most not in (None, "") and least > most:
            yield (*place, low), f"{low!r} is greater than {high!r}"
    for choice, synonyms in slot.choices.items():
        if any(not one or len(one) > _LONGEST_LABEL for one in (choice, *synonyms)):
            yield (*place, "choices", choice), "a choice is empty or too long"
