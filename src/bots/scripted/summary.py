"""Hears the answer to a summary ("Shall I go ahead?") and to "What shall I change?"."""

from bots.scripted import vocabulary
from bots.scripted.corrections import Corrections
from bots.scripted.spotting import spot
from bots.scripted.stage import Stage
from bots.scripted.text import Heard
from bots.scripted.turning import other_topic, turn_to


def answer_summary(stage: Stage, heard: Heard, *, changing: bool) -> bool:
    """Change what the message corrects, or take its yes or no; False where it is neither."""
    if not changing and vocabulary.approves(heard.tokens):
        stage.agree()
        return True
    corrections = Corrections(stage, heard)
    said, named = vocabulary.verdict(heard.tokens), corrections.named()
    if named and (changing or said is False or vocabulary.corrects(heard.tokens)):
        return corrections.correct(named)
    topic = other_topic(stage, heard)
    if topic and said is None:
        turn_to(stage, heard, topic)
        return True
    changes = corrections.changes(spot(stage.dialogue.slots, heard, stage.today))
    if changes.values or changes.refused:
        return corrections.apply(changes)
    if named and said is None:
        return corrections.correct(named)
    return _decide(stage, heard, said, changing=changing)


def _decide(stage: Stage, heard: Heard, said: bool | None, *, changing: bool) -> bool:
    nothing = vocabulary.is_phrase(heard.tokens, vocabulary.NOTHING)
    if changing and (said is False or nothing):
        stage.confirm()
    elif said is False:
        stage.ask_what_to_change()
    elif said and not changing:
        stage.agree()
    else:
        return False
    return True
