"""What is said when a message was not understood: more help each time."""

from bots.scripted.flow import Slot
from bots.scripted.memory import CONFIRM, MAX_MISSES
from bots.scripted.render import fill
from bots.scripted.slots import kind_of
from bots.scripted.stage import Stage


def missed(stage: Stage) -> None:
    """Count the misunderstanding and help."""
    misses = stage.memory.misses = min(stage.memory.misses + 1, MAX_MISSES)
    if not stage.memory.stack:
        texts = stage.script.flow.fallback
        stage.say(fill(texts[min(misses, len(texts)) - 1], stage.general()))
        return
    slot = stage.dialogue.slots.get(stage.frame.asked)
    if slot:
        _explain(stage, slot, misses)
    else:
        stage.phrase("yes_or_no" if stage.frame.asked == CONFIRM else "not_understood")
    if misses > 2:
        stage.phrase("still_stuck")
    if slot:
        stage.ask_again()
    elif stage.frame.asked != CONFIRM:
        stage.ask_what_to_change()
    elif misses > 1:
        stage.confirm()


def _explain(stage: Stage, slot: Slot, misses: int) -> None:
    if slot.invalid and misses == 1:
        stage.say(slot.invalid)
    else:
        stage.phrase("not_answered", hint=kind_of(slot).hint(slot))
    if misses > 1:
        stage.say(slot.help)
