"""What a conversation knows of the sources that it was pushed from.

The newest turn alone tells whether a position was seen: each turn carries the map on from the one
before it. So that costs no look, for as long as the conversation lives.
"""

from bot.limits import MAX_SOURCES
from bot.models import Position, Positions


def seen(positions: Positions, position: Position) -> bool:
    """Whether a message of that source stands in the log that is this one, or came after it."""
    return position.number <= positions.get(position.source, -1)


def advanced(positions: Positions, position: Position | None) -> Positions:
    """The map after one more message; where there are too many sources, the one that was silent
    for the longest is forgotten."""
    if position is None:
        return positions
    others = [each for each in positions.items() if each[0] != position.source]
    return dict([*others[-(MAX_SOURCES - 1) :], (position.source, position.number)])
