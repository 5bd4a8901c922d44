"""What a reply costs at the model, counted as it goes: a reply may be broken off at any moment.

Models tell what an answer took when it has ended. Of one that is broken off, and of a model that
tells nothing, it is estimated, rather too many tokens than too few.
"""

from bot.models import Usage
from bot.ports import Call
from bots.conversing.history import cost
from bots.conversing.prompts import Prompt, ToolUse
from bots.conversing.tokens import PER_LINE, tokens


class Meter:
    """Counts one reply's answers, one after the other, and tells the call of each step."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._ended: Usage | None = None
        self._given = 0
        self._open: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """All that the reply has cost so far; None where no model has answered."""
        return _sum(self._ended, self._open)

    def ask(self, prompt: Prompt) -> None:
        """The model is asked. It costs nothing before it begins to answer: many are refused."""
        self._ended, self._open = self.usage, None
        specs = sum(tokens(str(spec)) + PER_LINE for spec in prompt.tools)
        self._given = tokens(prompt.system) + specs + cost(prompt.lines)

    def hear(self, piece: str | ToolUse) -> None:
        """The model has said this."""
        said = piece if isinstance(piece, str) else piece.name + piece.arguments
        so_far = self._open or Usage(self._given, 0)
        self._open = Usage(so_far.input_tokens, so_far.output_tokens + tokens(said))
        self._tell()

    def end(self, usage: Usage | None) -> None:
        """The answer has ended, and took that much by the model's own word, if it gave any."""
        self._open = usage or self._open or Usage(self._given, 0)
        self._tell()

    def _tell(self) -> None:
        usage = self.usage
        if usage:
            self._call.used(usage)


def _sum(one: Usage | None, other: Usage | None) -> Usage | None:
    if one is None or other is None:
        return one or other
    return Usage(
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
    )
