"""Puts slips of the finger right: one letter missing, added, changed or swapped."""

from collections.abc import Iterable

from bots.scripted.text import MATCHED_CHARACTERS, Heard, clean, split

_SHORTEST = 5
"""Shorter words are too close to one another to guess."""


class Vocabulary:
    """The words a flow knows."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        self._by_letter: dict[str, list[str]] = {}
        for word in sorted(self._words):
            if len(word) >= _SHORTEST and word.isalpha():
                self._by_letter.setdefault(word[0], []).append(word)

    def hear(self, text: str) -> Heard:
        """Clean a message and find the known words that its misspelt ones stand for."""
        whole = clean(text)
        matched = whole[:MATCHED_CHARACTERS]
        unknown = {word.text for word in split(matched)} - self._words
        spelling = {word: known for word in unknown if (known := self._nearest(word))}
        return Heard(matched, whole, spelling)

    def _nearest(self, word: str) -> str:
        if len(word) < _SHORTEST:
            return ""
        near = [known for known in self._by_letter.get(word[0], ()) if _one_slip(word, known)]
        return near[0] if len(near) == 1 else ""


def _one_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:])
