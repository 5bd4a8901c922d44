"""Changes answers that were given already."""

from bots.scripted import vocabulary
from bots.scripted.flow import Slot
from bots.scripted.script import names_of
from bots.scripted.slots import Found, kind_of
from bots.scripted.spotting import Spotted, search, spot, take
from bots.scripted.stage import Stage
from bots.scripted.text import Heard, find_phrase
from bots.scripted.turning import other_topic

_LINKS = frozenset({"to", "is", "should", "be", "as", "into", "it", "was", "isnt", "please", "s"})
_JUDGING = frozenset({"wrong", "not", "right", "incorrect", "correct", "bad", "old", "misspelt"})
_REMOVING = frozenset({"remove", "drop", "without"})


class Corrections:
    """What one message changes in the dialogue that is open."""

    def __init__(self, stage: Stage, heard: Heard) -> None:
        self._stage, self._heard = stage, heard
        self._slots = stage.dialogue.slots

    def named(self) -> str:
        """Name the slot whose name is said; the longest wins, a filled one before others."""
        named, rank = "", (0, False)
        for name, slot in self._slots.items():
            for words in names_of(name, slot):
                if find_phrase(words, self._heard.tokens) >= 0:
                    here = (len(words), not self._unknown(name))
                    named, rank = (name, here) if here > rank else (named, rank)
        return named

    def changes(self, spotted: Spotted) -> Spotted:
        """Leave out what is known already."""
        values = self._stage.frame.values
        kept = {n: v for n, v in spotted.values.items() if n not in values or values[n] != v}
        return Spotted(spotted.rest, kept, spotted.refused)

    def correct(self, named: str) -> bool:
        """Change the answer that was named, to the value that follows or to a new one."""
        slot = self._slots[named]
        spotted = self._value_after(named)
        if spotted.values or spotted.refused:
            others = spot(
                {n: s for n, s in self._slots.items() if n != named},
                spotted.rest,
                self._stage.today,
            )
            others.values = self.changes(others).values | spotted.values
            others.refused |= spotted.refused
            self._take_bare(others)
            return self.apply(others)
        if slot.optional and not _REMOVING.isdisjoint(self._heard.tokens):
            return self.apply(Spotted(self._heard, {named: None}))
        self._stage.ask(named)
        return True

    def apply(self, changes: Spotted) -> bool:
        """Write changes down, tell them, and go on."""
        stage = self._stage
        known = {n: v for n, v in changes.values.items() if not self._unknown(n)}
        fresh = {n: v for n, v in changes.values.items() if self._unknown(n)}
        stage.set(changes.values)
        stage.tell("changed", known)
        stage.tell("got_it", fresh)
        for name, why in changes.refused.items():
            stage.say(why)
            if not changes.values:
                stage.ask(name)
                return True
        if stage.frame.asked in stage.dialogue.slots and self._unknown(stage.frame.asked):
            stage.ask_again()
        else:
            stage.advance()
        return True

    def another(self, asked: str, slot: Slot, *, found: bool) -> bool:
        """Correct another answer than the one asked for, if the message does; `found` tells
        that it holds an answer to the question, too."""
        free = slot.type == "text"
        begins = vocabulary.begins_correcting(self._heard.tokens)
        if not (begins or (vocabulary.corrects(self._heard.tokens) and not free)):
            return False
        named = self.named()
        if named and named != asked and not (found and self._unknown(named)):
            return self.correct(named)
        if found or other_topic(self._stage, self._heard):
            return False
        filled = {n: s for n, s in self._slots.items() if not self._unknown(n)}
        changes = self.changes(spot(filled, self._heard, self._stage.today))
        return bool(changes.values or changes.refused) and self.apply(changes)

    def update(self) -> bool:
        """Take a new value for anything answered before, even without a word of correction."""
        slots = {n: s for n, s in self._slots.items() if s.type != "text"}
        changes = self.changes(spot(slots, self._heard, self._stage.today))
        return bool(changes.values) and self.apply(changes)

    def _value_after(self, named: str) -> Spotted:
        slot = self._slots[named]
        spotted = Spotted(self._heard)
        if slot.type not in ("text", "yes_no"):
            take(
                spotted,
                named,
                slot,
                search(slot, self._heard, self._stage.today),
                self._stage.today,
            )
        if spotted.values or spotted.refused:
            return spotted
        rest = self._behind_name(named, self._heard)
        if rest is not None and not _JUDGING.issuperset(rest.tokens):
            take(
                spotted,
                named,
                slot,
                kind_of(slot).read(slot, rest, self._stage.today),
                self._stage.today,
            )
            spotted.rest = Heard("", "", {})
        return spotted

    def _take_bare(self, spotted: Spotted) -> None:
        """Take what follows another slot's name too ("the day to Friday and the time to 4")."""
        for name, slot in self._slots.items():
            rest = self._behind_name(name, spotted.rest)
            if slot.type in ("time", "number") and name not in spotted.values and rest:
                outcome = kind_of(slot).read(slot, rest, self._stage.today)
                if isinstance(outcome, Found):
                    found = Spotted(rest)
                    take(found, name, slot, outcome, self._stage.today)
                    spotted.values |= found.values

    def _behind_name(self, named: str, heard: Heard) -> Heard | None:
        for name in names_of(named, self._slots[named]):
            at = find_phrase(name, heard.tokens)
            if at >= 0:
                at += len(name)
                while at < len(heard.tokens) and heard.tokens[at] in _LINKS:
                    at += 1
                end = heard.words[at].start if at < len(heard.tokens) else len(heard.text)
                return heard.after(end)
        return None

    def _unknown(self, name: str) -> bool:
        return name not in self._stage.frame.values
