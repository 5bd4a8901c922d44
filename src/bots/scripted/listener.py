"""Decides what a message means where the conversation stands."""

from bots.scripted import vocabulary
from bots.scripted.commands import command
from bots.scripted.memory import CHANGE, CONFIRM
from bots.scripted.misses import missed
from bots.scripted.question import Question
from bots.scripted.stage import Stage
from bots.scripted.summary import answer_summary
from bots.scripted.text import Heard
from bots.scripted.topics import best
from bots.scripted.turning import turn_to

_LONGEST_COURTESY = 4


def listen(stage: Stage, heard: Heard) -> None:
    """Answer a message, whatever it is."""
    if stage.memory.lost:
        stage.phrase("recovered")
    if _understood(stage, heard):
        stage.memory.misses = 0
    else:
        missed(stage)


def _understood(stage: Stage, heard: Heard) -> bool:
    name = vocabulary.command_in(heard.tokens)
    if name and (name != "repeat" or stage.memory.stack):
        command(stage, name)
        return True
    return _within(stage, heard) if stage.memory.stack else _outside(stage, heard)


def _outside(stage: Stage, heard: Heard) -> bool:
    topic = best(stage.script.topics, heard.tokens)
    said = vocabulary.verdict(heard.tokens)
    if topic:
        turn_to(stage, heard, topic)
    elif vocabulary.greets(heard.tokens):
        command(stage, "greeting")
    elif said is not None and len(heard.tokens) <= _LONGEST_COURTESY:
        stage.phrase("at_your_service" if said else "nothing_more")
    else:
        return False
    return True


def _within(stage: Stage, heard: Heard) -> bool:
    asked = stage.frame.asked
    if asked in stage.dialogue.slots:
        return Question(stage, heard).answer()
    if asked in (CONFIRM, CHANGE):
        return answer_summary(stage, heard, changing=asked == CHANGE)
    stage.advance()
    return True
