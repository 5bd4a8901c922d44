"""Speaks: in the flow's words and the engine's, with values as people read them."""

from datetime import date
from typing import Any

from bots.scripted.computed import compute
from bots.scripted.flow import Dialogue
from bots.scripted.memory import Frame, Memory
from bots.scripted.render import fill, label, show
from bots.scripted.script import Script
from bots.scripted.slots.day import Day
from bots.scripted.wording import both


class Narrator:
    """What is known while one message is answered, and what has been said so far."""

    def __init__(self, script: Script, memory: Memory, message_id: str, today: date) -> None:
        self.script, self.memory = script, memory
        self.message_id, self.today = message_id, today
        self.parts: list[str] = []

    @property
    def frame(self) -> Frame:
        """The dialogue that is being played; there must be one."""
        return self.memory.stack[-1]

    @property
    def dialogue(self) -> Dialogue:
        """What the flow says of `frame`."""
        return self.script.flow.dialogues[self.frame.dialogue]

    def say(self, text: str) -> None:
        """Add a paragraph."""
        if text.strip():
            self.parts.append(text.strip())

    def phrase(self, name: str, **shown: str) -> None:
        """Add one of the engine's own sentences."""
        self.say(fill(self.script.phrases[name], shown))

    def general(self) -> dict[str, str]:
        """Give what every template may name."""
        return {"bot": self.script.flow.name, "today": Day().show(self.today.isoformat())}

    def remembered(self) -> dict[str, str]:
        """Give what outlives dialogues, for answers."""
        none = self.script.phrases["none"]
        facts = {
            name: show(slot, value, none) if (slot := self.script.facts[name]) else str(value)
            for name, value in self.memory.facts.items()
        }
        return self.general() | facts

    def shown(self) -> dict[str, str]:
        """Give the values of the dialogue as people read them, computed ones too."""
        shown = self.general() | self.answers()
        for name, rule in self.dialogue.compute.items():
            shown[name] = compute(name, rule, self.frame.values, shown, self.message_id, self.today)
        return shown

    def answers(self) -> dict[str, str]:
        """Give the answers of the dialogue as people read them."""
        slots, none = self.dialogue.slots, self.script.phrases["none"]
        return {key: show(slots[key], value, none) for key, value in self.frame.values.items()}

    def tell(self, name: str, values: dict[str, Any]) -> None:
        """Repeat `values` in a sentence of the engine's."""
        slots, none = self.dialogue.slots, self.script.phrases["none"]
        if values:
            told = both(show(slots[key], value, none) for key, value in values.items())
            self.phrase(name, values=told)

    def label_of(self, name: str) -> str:
        """Give what a slot of the dialogue is called."""
        return label(name, self.dialogue.slots[name])
