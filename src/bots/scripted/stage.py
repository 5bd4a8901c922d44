"""Runs dialogues: opens them, asks, confirms, finishes, returns to the one before."""

from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.memory import CHANGE, CONFIRM, MAX_DEPTH, Frame
from bots.scripted.narrator import Narrator
from bots.scripted.render import applies, choose, fill
from bots.scripted.slots import kind_of
from bots.scripted.wording import either


class Stage(Narrator):
    """The play while one message is answered."""

    def open(self, name: str) -> bool:
        """Begin a dialogue, or go back to it; False where too many are open."""
        stack = self.memory.stack
        if any(frame.dialogue == name for frame in stack):
            while self.frame.dialogue != name:
                stack.pop()
            return True
        if len(stack) >= MAX_DEPTH:
            self.phrase("too_many", title=self.dialogue.title)
            return False
        outer = self.dialogue.title if stack else ""
        stack.append(Frame(name))
        self.say(fill(self.dialogue.intro, self.general()))
        if outer:
            self.phrase("later", title=outer)
        return True

    def set(self, values: dict[str, Any]) -> None:
        """Write answers down."""
        self.frame.values.update(values)

    def advance(self) -> None:
        """Do what comes next: ask for what is missing, confirm, or finish."""
        name = self._missing()
        if name:
            self.ask(name)
        elif self.dialogue.confirm:
            self.confirm()
        else:
            self.finish()

    def agree(self) -> None:
        """Finish what was confirmed, unless an answer has gone stale since."""
        name = self._missing()
        if name:
            self.ask(name)
        else:
            self.finish()

    def ask(self, name: str) -> None:
        """Put the question of a slot."""
        self.frame.asked = name
        self.say(fill(self.dialogue.slots[name].ask, self.shown()))

    def confirm(self) -> None:
        """Show the answers and ask whether they are right."""
        self.frame.asked = CONFIRM
        summary = fill(self.dialogue.confirm, self.shown())
        self.say(f"{summary}\n{self.script.phrases['confirm']}")

    def ask_what_to_change(self) -> None:
        """Ask which answer is wrong."""
        self.frame.asked = CHANGE
        named = [name for name in self.dialogue.slots if name in self.frame.values]
        self.phrase("what_to_change", labels=either(self.label_of(n) for n in named))

    def ask_again(self) -> None:
        """Put the open question once more."""
        if self.frame.asked in self.dialogue.slots:
            self.ask(self.frame.asked)
        elif self.frame.asked == CONFIRM:
            self.phrase("confirm")
        else:
            self.advance()

    def finish(self) -> None:
        """Say what came of it, keep what outlives it, and go on with what follows or waited."""
        dialogue, shown, values = self.dialogue, self.shown(), self.frame.values
        ending = choose(dialogue.done, shown)
        self.say(fill(ending.say, shown) if ending else "")
        facts = self.memory.facts
        facts |= {
            name: values[name]
            for name, slot in dialogue.slots.items()
            if slot.remember and values.get(name) is not None
        }
        facts |= {name: shown[name] for name, rule in dialogue.compute.items() if rule.remember}
        for name in dialogue.forget:
            facts.pop(name, None)
        self.memory.stack.pop()
        if ending and ending.then and self.open(ending.then):
            self._carry(values)
            self.recall()
            self.advance()
        else:
            self.resume()

    def cancel(self) -> None:
        """Drop the dialogue."""
        self.phrase("cancelled", title=self.dialogue.title)
        self.memory.stack.pop()
        self.resume()

    def resume(self) -> None:
        """Go back to the dialogue that waited, if one did."""
        if self.memory.stack:
            self.phrase("resume", title=self.dialogue.title)
            self.recall()
            if self._waiting():
                self.ask_again()
            else:
                self.advance()

    def recall(self) -> None:
        """Fill in what is remembered from earlier dialogues."""
        slots, facts = self.dialogue.slots, self.memory.facts
        recalled = {
            name: facts[name]
            for name, slot in slots.items()
            if slot.remember and name in facts and self._fits(name, facts[name])
        }
        self.tell("remembered", recalled)
        self.set(recalled)

    def _carry(self, values: dict[str, Any]) -> None:
        slots = self.dialogue.slots
        self.set({n: v for n, v in values.items() if n in slots and self._fits(n, v)})

    def _fits(self, name: str, value: Any) -> bool:
        """Tell whether an open slot can take a value from elsewhere."""
        slot = self.dialogue.slots[name]
        kind = kind_of(slot)
        if name in self.frame.values or not kind.holds(slot, value):
            return False
        return not kind.trouble(slot, value, self.today)

    def _waiting(self) -> bool:
        return self.frame.asked in self.dialogue.slots and self.frame.asked not in self.frame.values

    def _missing(self) -> str:
        """Name the first slot without a value, dropping values that do not hold any more."""
        for name, slot in self.dialogue.slots.items():
            if not applies(slot.when, self.answers()):
                self.frame.values.pop(name, None)
            elif name not in self.frame.values or self._outdated(name, slot):
                return name
        return ""

    def _outdated(self, name: str, slot: Slot) -> bool:
        value = self.frame.values[name]
        why = kind_of(slot).trouble(slot, value, self.today) if value is not None else ""
        if why:
            del self.frame.values[name]
            self.phrase("no_longer", label=self.label_of(name))
            self.say(why)
        return bool(why)
