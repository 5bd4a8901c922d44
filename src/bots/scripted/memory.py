"""What the bot remembers between messages, and how it rests in `Reply.state`.

{"v": 1, "s": [[dialogue, asked, {slot: value}], ...], "m": {name: value}, "n": misses}
`s` is the stack of open dialogues, the present one last; `m` outlives dialogues.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bots.scripted.flow import Dialogue
from bots.scripted.script import Script
from bots.scripted.slots import kind_of

VERSION = 1
CONFIRM, CHANGE = "?confirm", "?change"
MAX_DEPTH = 3
MAX_MISSES = 9
_LONGEST_FACT = 4_000


@dataclass
class Frame:
    """An open dialogue; `asked` is a slot, `CONFIRM`, `CHANGE` or nothing yet."""

    dialogue: str
    asked: str = ""
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class Memory:
    """What is known while one message is answered; `lost` tells that something had to go."""

    stack: list[Frame] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    misses: int = 0
    lost: bool = False


def dump(memory: Memory) -> dict[str, Any]:
    """Make the state, leaving out whatever is empty."""
    state: dict[str, Any] = {"v": VERSION}
    if memory.stack:
        state["s"] = [[frame.dialogue, frame.asked, frame.values] for frame in memory.stack]
    if memory.facts:
        state["m"] = memory.facts
    if memory.misses:
        state["n"] = memory.misses
    return state


def load(script: Script, state: Mapping[str, Any]) -> Memory:
    """Take up a state, keeping what the flow of today still understands. Never raises."""
    if state.get("v") != VERSION:
        return Memory(lost=bool(state.get("s")))
    memory = Memory()
    for entry in _list(state.get("s")):
        frame = _frame(script, entry)
        if frame and len(memory.stack) < MAX_DEPTH and not _is_open(memory, frame.dialogue):
            memory.stack.append(frame)
        else:
            memory.lost = True
    memory.facts = _facts(script, state.get("m"))
    misses = state.get("n")
    memory.misses = min(max(misses, 0), MAX_MISSES) if isinstance(misses, int) else 0
    return memory


def _frame(script: Script, entry: Any) -> Frame | None:
    if not isinstance(entry, list | tuple) or len(entry) != 3:
        return None
    name, asked, values = entry
    dialogue = script.flow.dialogues.get(name) if isinstance(name, str) else None
    if dialogue is None or not isinstance(values, Mapping):
        return None
    kept = {key: value for key, value in values.items() if _holds(dialogue, key, value)}
    known = isinstance(asked, str) and (asked in dialogue.slots or asked in (CONFIRM, CHANGE))
    if asked in (CONFIRM, CHANGE) and not dialogue.confirm:
        known = False
    return Frame(name, asked if known and len(kept) == len(values) else "", kept)


def _holds(dialogue: Dialogue, name: str, value: Any) -> bool:
    slot = dialogue.slots.get(name)
    if slot is None:
        return False
    return slot.optional if value is None else kind_of(slot).holds(slot, value)


def _facts(script: Script, facts: Any) -> dict[str, Any]:
    if not isinstance(facts, Mapping):
        return {}
    kept = {}
    for name, value in facts.items():
        slot = script.facts.get(name)
        if slot is not None and kind_of(slot).holds(slot, value):
            kept[name] = value
        elif slot is None and name in script.facts and isinstance(value, str):
            kept[name] = value[:_LONGEST_FACT]
    return kept


def _is_open(memory: Memory, dialogue: str) -> bool:
    return any(frame.dialogue == dialogue for frame in memory.stack)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
