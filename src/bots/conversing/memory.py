"""What a bot on a model keeps in its state: a summary of the turns that it is no longer given."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.models import State

SUMMARY_CHARACTERS = 2_000
"""It is written with every turn, and read by the model with every message."""


@dataclass(frozen=True, slots=True)
class Memory:
    """`summary` covers the turns up to `through`; `tried` is the turn that last made one."""

    summary: str = ""
    through: int = 0
    tried: int = 0

    @classmethod
    def load(cls, state: State) -> "Memory":
        """Read a state, of whichever bot it is: what is not ours is nothing."""
        kept = state.get("summary")
        if not isinstance(kept, Mapping):
            return cls()
        text, through, tried = kept.get("text"), kept.get("through"), kept.get("tried")
        if not (isinstance(text, str) and isinstance(through, int) and isinstance(tried, int)):
            return cls()
        return cls(text[:SUMMARY_CHARACTERS], through, tried)

    def dump(self) -> State:
        """The state to keep; empty where there is nothing to remember."""
        if not self.tried:
            return {}
        kept = {"text": self.summary, "through": self.through, "tried": self.tried}
        return {"summary": kept}
