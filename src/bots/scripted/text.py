"""What a person typed, cleaned and cut into words that can be compared."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

MATCHED_CHARACTERS = 500
"""Only this much of a message is searched: it bounds the time of every comparison."""

_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\\s]+")
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc`", "''''")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True)
class Word:
    """A word as it is compared, and where it stands in the text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Heard:
    """A message as the bot looks at it. `text` is clean and at most `MATCHED_CHARACTERS` long.

    `whole` is the clean message at full length, for answers in free text. `spelling` gives the
    known word for a misspelt one.
    """

    text: str
    whole: str
    spelling: Mapping[str, str]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words in order, misspellings of known words put right."""
        return tuple(
            Word(self.spelling.get(word.text, word.text), word.start, word.end)
            for word in split(self.text)
        )

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The texts of `words`."""
        return tuple(word.text for word in self.words)

    def without(self, start: int, end: int) -> "Heard":
        """Blank a part that has been understood; positions stay what they were."""
        text = self.text[:start] + " " * (end - start) + self.text[end:]
        return Heard(text, self.whole, self.spelling)

    def after(self, position: int) -> "Heard":
        """Give the part behind `position` as a message of its own."""
        return Heard(self.text[position:].strip(), self.whole[position:].strip(), self.spelling)


def clean(text: str) -> str:
    """Make one line of `text`: no control characters, one form of each letter, single spaces."""
    spaced = _UNSHOWN.sub(" ", text.translate(_APOSTROPHES))
    return " ".join(unicodedata.normalize("NFKC", spaced).split())


def split(text: str) -> tuple[Word, ...]:
    """Cut `text` into words, lower case and without apostrophes."""
    return tuple(
        Word(match.group().casefold().replace("'", ""), match.start(), match.end())
        for match in _WORD.finditer(text)
    )


def words_of(text: str) -> tuple[str, ...]:
    """Give the words of `text` alone."""
    return tuple(word.text for word in split(text))


def find_phrase(phrase: tuple[str, ...], tokens: tuple[str, ...]) -> int:
    """Give the index at which `phrase` stands in `tokens`, or -1."""
    if not phrase:
        return -1
    for index in range(len(tokens) - len(phrase) + 1):
        if tokens[index : index + len(phrase)] == phrase:
            return index
    return -1
