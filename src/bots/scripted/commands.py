"""The commands that work everywhere: cancel, start over, help, repeat, greeting."""

from bots.scripted.memory import Frame
from bots.scripted.render import fill, label
from bots.scripted.slots import kind_of
from bots.scripted.stage import Stage


def command(stage: Stage, name: str) -> None:
    """Do what `name`, one of `vocabulary.COMMANDS`, asks for."""
    playing = bool(stage.memory.stack)
    if name == "cancel" and not playing:
        stage.phrase("nothing_to_cancel")
    elif name == "cancel":
        stage.cancel()
    elif name == "start_over":
        _start_over(stage)
    elif name == "greeting" and playing:
        stage.phrase("hello")
        stage.ask_again()
    elif name == "help" and playing:
        _help_within(stage)
    elif name == "repeat" and playing:
        stage.ask_again()
    else:
        flow = stage.script.flow
        stage.say(fill(flow.greeting if name == "greeting" else flow.help, stage.general()))


def _start_over(stage: Stage) -> None:
    stage.memory.facts.clear()
    if stage.memory.stack:
        stage.phrase("started_over", title=stage.dialogue.title)
        stage.memory.stack[-1] = Frame(stage.frame.dialogue)
        stage.advance()
    else:
        stage.phrase("cleared")
        command(stage, "greeting")


def _help_within(stage: Stage) -> None:
    slots, asked = stage.dialogue.slots, stage.frame.asked
    if asked in slots:
        stage.say(slots[asked].help or kind_of(slots[asked]).hint(slots[asked]))
    example = next(iter(stage.frame.values or slots), "")
    named = label(example, slots[example]) if example else ""
    stage.phrase("in_dialogue_help", title=stage.dialogue.title, label=named)
    stage.ask_again()
