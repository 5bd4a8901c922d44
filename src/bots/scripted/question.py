"""Hears the answer to the question of a slot."""

from bots.scripted import vocabulary
from bots.scripted.corrections import Corrections
from bots.scripted.flow import Slot
from bots.scripted.slots import Found, Outcome, kind_of
from bots.scripted.spotting import Spotted, search, spot, take
from bots.scripted.stage import Stage
from bots.scripted.text import Heard
from bots.scripted.turning import other_topic, take_in, turn_to


class Question:
    """The open question, and a message that may answer it."""

    def __init__(self, stage: Stage, heard: Heard) -> None:
        self._stage, self._heard = stage, heard
        self._asked = stage.frame.asked
        self._slot: Slot = stage.dialogue.slots[self._asked]
        self._free = self._slot.type == "text"
        # Free text is not searched: all of it is the answer.
        self._found = None if self._free else search(self._slot, heard, stage.today)

    def answer(self) -> bool:
        """Take the answer, a correction or a digression; False where it is none of them."""
        corrections = Corrections(self._stage, self._heard)
        if corrections.another(self._asked, self._slot, found=self._found is not None):
            return True
        if self._digresses():
            return True
        if self._found:
            return self._take(self._with_others(self._found))
        if self._left_out() or self._unsure():
            return True
        if not self._free and self._others_only():
            return True
        return self._read(self._heard) or (not self._free and corrections.update())

    def _digresses(self) -> bool:
        """Follow another topic; a question that comes with the answer is answered after it."""
        topic = other_topic(self._stage, self._heard)
        wanting = vocabulary.asks_or_wants(self._heard.text, self._heard.tokens)
        if not topic or (self._free and not wanting and not topic.is_all_of(self._heard.tokens)):
            return False
        if self._found and (topic.is_dialogue or not wanting):
            return False
        if isinstance(self._found, Found):
            take_in(self._stage, self._with_others(self._found))
            self._stage.frame.asked = ""
        turn_to(self._stage, self._heard, topic)
        return True

    def _left_out(self) -> bool:
        """Skip the question, or leave the answer that was to be changed."""
        stage, tokens = self._stage, self._heard.tokens
        answered = self._asked in stage.frame.values
        refuses = self._slot.type != "yes_no" and vocabulary.is_phrase(tokens, vocabulary.NO)
        if answered and (refuses or vocabulary.is_phrase(tokens, vocabulary.NOTHING)):
            stage.advance()
        elif self._slot.optional and vocabulary.is_phrase(tokens, vocabulary.SKIP):
            stage.set({self._asked: None})
            stage.advance()
        else:
            return False
        return True

    def _unsure(self) -> bool:
        """Help somebody who does not know the answer."""
        stage = self._stage
        if not vocabulary.is_phrase(self._heard.tokens, vocabulary.UNSURE):
            return False
        if self._slot.unsure and stage.open(self._slot.unsure):
            stage.recall()
            stage.advance()
        elif self._slot.help:
            stage.say(self._slot.help)
            stage.ask_again()
        else:
            return False
        return True

    def _others_only(self) -> bool:
        """Take what answers later questions, and what is left as the answer to this one."""
        others = spot(self._open_slots(), self._heard, self._stage.today)
        if not others.values:
            return False
        take_in(self._stage, others)
        if not self._read(others.rest):
            self._stage.advance()
        return True

    def _read(self, heard: Heard) -> bool:
        outcome = kind_of(self._slot).read(self._slot, heard, self._stage.today)
        return outcome is not None and self._take(self._spotted(heard, outcome))

    def _with_others(self, outcome: Outcome) -> Spotted:
        spotted = self._spotted(self._heard, outcome)
        others = spot(self._open_slots(), spotted.rest, self._stage.today)
        others.values |= spotted.values
        others.refused |= spotted.refused
        return others

    def _spotted(self, heard: Heard, outcome: Outcome) -> Spotted:
        spotted = Spotted(heard)
        take(spotted, self._asked, self._slot, outcome, self._stage.today)
        return spotted

    def _take(self, spotted: Spotted) -> bool:
        changed = self._asked in self._stage.frame.values and self._asked in spotted.values
        take_in(self._stage, spotted, silent="" if changed else self._asked)
        if self._asked in spotted.refused:
            self._stage.ask(self._asked)
        else:
            self._stage.advance()
        return True

    def _open_slots(self) -> dict[str, Slot]:
        known = {*self._stage.frame.values, self._asked}
        return {name: s for name, s in self._stage.dialogue.slots.items() if name not in known}
