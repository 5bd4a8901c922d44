"""The earlier turns as a model is given them: the newest, whole, within a budget of tokens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.models import Turn
from bots.conversing.prompts import Line, Role
from bots.conversing.tokens import PER_LINE, shortened, tokens

BEGINNING = "(The conversation begins.)"
"""Said for the user where the first to speak was the backend: models let the user begin."""

NOTHING = "…"
"""Said for a message of blanks: providers refuse a text without a letter."""

WORTH_GIVING = 100
"""Tokens that the newest turn is worth cutting down to."""


@dataclass(frozen=True, slots=True)
class History:
    """The lines to give, the message the last; `first` is the `seq` of the oldest turn in them,
    None where there is none."""

    lines: tuple[Line, ...]
    first: int | None


def fitted(turns: Sequence[Turn], text: str, summary: str, budget: int) -> History:
    """The message, and as many of the newest turns before it as fit in `budget` tokens.

    Only the newest of them is ever cut, where it alone is too long: without it the model would
    not know what is being answered. `summary` stands before them.
    """
    room = budget - _fixed_cost(text, summary)
    chosen: list[Turn] = []
    for turn in reversed(turns):
        if not chosen and _cost(turn) > room >= WORTH_GIVING:
            turn = _cut_down(turn, room - 2 * PER_LINE)
        room -= _cost(turn)
        if room < 0:
            break
        chosen.append(turn)
    chosen.reverse()
    return History(_lines(chosen, text, summary), chosen[0].seq if chosen else None)


def cost(lines: Iterable[Line]) -> int:
    """Estimate the tokens of lines."""
    return sum(PER_LINE + _cost_of_line(line) for line in lines)


def about_before(summary: str) -> str:
    """A summary as it stands before the first line.

    It is made of what a user said, so it is given as said by the user, not as an instruction.
    """
    return f"(Earlier in this conversation: {summary})"


def _cost_of_line(line: Line) -> int:
    used = sum(tokens(use.arguments) + tokens(use.name) + PER_LINE for use in line.uses)
    given = sum(tokens(result.text) + PER_LINE for result in line.results)
    return sum(map(tokens, line.texts)) + used + given


def _fixed_cost(text: str, summary: str) -> int:
    before = tokens(about_before(summary)) if summary else 0
    return 2 * PER_LINE + tokens(text) + tokens(BEGINNING) + before


def _cost(turn: Turn) -> int:
    return 2 * PER_LINE + tokens(turn.text) + tokens(turn.reply)


def _cut_down(turn: Turn, room: int) -> Turn:
    text = shortened(turn.text, room // 2)
    return replace(turn, text=text, reply=shortened(turn.reply, room - tokens(text)))


def _lines(turns: Sequence[Turn], text: str, summary: str) -> tuple[Line, ...]:
    lines: list[Line] = []
    for turn in turns:
        _say(lines, Role.USER, turn.text)
        _say(lines, Role.ASSISTANT, turn.reply)
    _say(lines, Role.USER, text if text.strip() else NOTHING)
    lines[-1] = replace(lines[-1], question=True)
    if lines[0].role is Role.ASSISTANT:
        lines.insert(0, Line(Role.USER, (BEGINNING,)))
    if summary:
        lines[0] = replace(lines[0], texts=(about_before(summary), *lines[0].texts))
    return tuple(lines)


def _say(lines: list[Line], role: Role, text: str) -> None:
    """Add to the lines so that they alternate, whatever reply failed or was pushed."""
    if not text.strip():
        return
    if not lines or lines[-1].role is not role:
        lines.append(Line(role, (text,)))
    elif lines[-1].texts[-1] != text:  # else said again, since its reply failed
        lines[-1] = replace(lines[-1], texts=(*lines[-1].texts, text))
