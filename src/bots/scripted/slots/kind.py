"""What every type of slot can do."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.text import Heard


@dataclass(frozen=True)
class Found:
    """A value in a message, and where it stands."""

    value: Any
    start: int
    end: int


@dataclass(frozen=True)
class Unusable:
    """Something that was meant as a value and cannot be one; `why` is said to the person."""

    why: str
    start: int = 0
    end: int = 0


Outcome = Found | Unusable | None


class Kind:
    """A type of slot. Subclasses change what differs; none holds anything."""

    options: frozenset[str] = frozenset()
    """The keys of `Slot` that mean something for this type."""

    words: tuple[str, ...] = ()
    """What people call such a thing when they correct it."""

    echoed = False
    """Whether an answer is repeated to show how it was understood."""

    def find(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Find the value within a sentence, only where it is unmistakable."""
        return None

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Read the whole message as the answer to the slot's question."""
        return self.find(slot, heard, today)

    def trouble(self, slot: Slot, value: Any, today: date) -> str:
        """Say what is wrong with `value` for this slot today; empty when nothing is."""
        return ""

    def holds(self, slot: Slot, value: Any) -> bool:
        """Tell whether `value`, from an old state, has the form of this slot's values."""
        return isinstance(value, str) and 0 < len(value) <= self.longest(slot)

    def show(self, value: Any) -> str:
        """Give `value` as a person reads it."""
        return str(value)

    def hint(self, slot: Slot) -> str:
        """Tell how to answer."""
        return ""

    def longest(self, slot: Slot) -> int:
        """Give the greatest length of a value in characters."""
        return 40
