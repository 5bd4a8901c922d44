"""What a warm function remembers: the tails of the conversations it served last."""

from collections import OrderedDict
from datetime import datetime
from threading import Lock

from bot.models import ConversationKey
from bot.turn_log.tail import Tail

CAPACITY = 1_000
"""Conversations."""

CAPACITY_CHARACTERS = 16_000_000
"""Characters of text, reply, state and ids in all: at most 64 MB of the function's memory."""


class TailCache:
    """The least recently used tails go first; a tail past its age is as good as none."""

    def __init__(
        self, capacity: int = CAPACITY, capacity_characters: int = CAPACITY_CHARACTERS
    ) -> None:
        self._capacity = capacity
        self._capacity_characters = capacity_characters
        self._tails: OrderedDict[ConversationKey, tuple[Tail, int]] = OrderedDict()
        self._characters = 0
        self._lock = Lock()

    def get(self, key: ConversationKey, now: datetime) -> Tail | None:
        """The tail, if it may still be appended to."""
        with self._lock:
            tail, _ = self._tails.get(key, (None, 0))
            if tail is None or not tail.usable(now):
                return None
            self._tails.move_to_end(key)
            return tail

    def put(self, key: ConversationKey, tail: Tail) -> None:
        """Keep the tail as far as it is settled, and forget what is too much."""
        tail = tail.settled()
        weight = _weight(tail)
        with self._lock:
            self._remove(key)
            self._tails[key] = (tail, weight)
            self._characters += weight
            while len(self._tails) > self._capacity or self._characters > self._capacity_characters:
                self._remove(next(iter(self._tails)))

    def forget(self, key: ConversationKey) -> None:
        """Drop the tail of a conversation that is no more what it was."""
        with self._lock:
            self._remove(key)

    def _remove(self, key: ConversationKey) -> None:
        _, weight = self._tails.pop(key, (None, 0))
        self._characters -= weight


def _weight(tail: Tail) -> int:
    texts = sum(len(turn.text) + len(turn.reply) + len(turn.content) for turn in tail.turns)
    states = sum(len(repr(turn.state)) for turn in tail.turns if turn.state)
    return texts + states + sum(map(len, tail.known))
