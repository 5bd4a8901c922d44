"""Takes up what a message brings: values for the dialogue, or a topic of its own."""

from bots.scripted.render import choose, fill
from bots.scripted.slots import kind_of
from bots.scripted.spotting import Spotted, spot
from bots.scripted.stage import Stage
from bots.scripted.text import Heard
from bots.scripted.topics import Topic, best


def other_topic(stage: Stage, heard: Heard) -> Topic | None:
    """Give the topic of the message, where it is not the dialogue that is open."""
    return best(stage.script.topics, heard.tokens, apart_from=stage.frame.dialogue)


def turn_to(stage: Stage, heard: Heard, topic: Topic) -> None:
    """Answer a question, or begin a dialogue with what the message says already."""
    if not topic.is_dialogue:
        shown = stage.remembered()
        case = choose(stage.script.flow.answers[topic.name].say, shown)
        stage.say(fill(case.say, shown) if case else stage.script.phrases["not_understood"])
        if stage.memory.stack:
            stage.ask_again()
    elif stage.open(topic.name):
        take_in(stage, spot(stage.dialogue.slots, heard, stage.today))
        stage.recall()
        stage.advance()
    else:
        stage.ask_again()


def take_in(stage: Stage, spotted: Spotted, silent: str = "") -> None:
    """Write values down, repeating those whose reading should be seen."""
    slots = stage.dialogue.slots
    told = {
        name: spotted.values[name]
        for name in slots
        if name in spotted.values and (name != silent or kind_of(slots[name]).echoed)
    }
    stage.set(spotted.values)
    stage.tell("got_it", told)
    for why in spotted.refused.values():
        stage.say(why)
