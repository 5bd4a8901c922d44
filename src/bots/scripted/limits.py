"""Holds what a flow can remember below what a bot's state may be."""

from collections.abc import Iterator

from bot.limits import MAX_STATE_BYTES
from bots.scripted.flow import Dialogue, Flow
from bots.scripted.memory import MAX_DEPTH
from bots.scripted.slots import kind_of
from bots.scripted.source import Path

_BYTES_A_CHARACTER = 12
"""Of a character beyond the first plane, written as two escapes."""

_OVERHEAD = 60


def memory_faults(flow: Flow) -> Iterator[tuple[Path, str]]:
    """Complain where the longest answers together could not be kept."""
    sizes = sorted((_size(dialogue) for dialogue in flow.dialogues.values()), reverse=True)
    facts = sum(_size(dialogue, remembered=True) for dialogue in flow.dialogues.values())
    worst = sum(sizes[:MAX_DEPTH]) + facts + _OVERHEAD
    if worst > MAX_STATE_BYTES:
        yield (
            ("dialogues",),
            f"answers could take {worst} bytes, more than the {MAX_STATE_BYTES} of a state:"
            " lower 'max_length' of some slots",
        )


def _size(dialogue: Dialogue, *, remembered: bool = False) -> int:
    size = _OVERHEAD
    for name, slot in dialogue.slots.items():
        if slot.remember or not remembered:
            wide = slot.type in ("text", "choice")
            longest = kind_of(slot).longest(slot) * (_BYTES_A_CHARACTER if wide else 1)
            size += len(name) + longest + 8
    for name, rule in dialogue.compute.items():
        if remembered and rule.remember:
            longest = max([40, *map(len, rule.table.values()), *map(len, rule.texts)])
            size += len(name) + longest * _BYTES_A_CHARACTER + 8
    return size
