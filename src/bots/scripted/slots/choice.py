"""`choice`: one of a list, under any of its names."""

from datetime import date
from typing import Any

from bots.scripted.flow import Slot
from bots.scripted.slots.kind import Found, Kind, Outcome, Unusable
from bots.scripted.text import Heard, find_phrase, words_of
from bots.scripted.vocabulary import denied
from bots.scripted.wording import either


class Choice(Kind):
    """One of `choices`; a number picks by position when the question was just asked."""

    options = frozenset({"choices"})

    def find(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Find the one choice that the message names."""
        named = _named(slot, heard)
        return named[0] if len({found.value for found in named}) == 1 else None

    def read(self, slot: Slot, heard: Heard, today: date) -> Outcome:
        """Take a position in the list, or the beginning of a name, as well."""
        named = _named(slot, heard)
        if len({found.value for found in named}) > 1:
            several = either(found.value for found in named)
            return Unusable(f"One at a time, please: {several}?", 0, len(heard.text))
        if named or len(heard.tokens) != 1:
            return named[0] if named else None
        token, choices = heard.tokens[0], list(slot.choices)
        if token.isascii() and token.isdigit() and 0 < int(token[:4]) <= len(choices):
            return Found(choices[int(token[:4]) - 1], 0, len(heard.text))
        begun = [choice for choice in choices if choice.casefold().startswith(token)]
        return Found(begun[0], 0, len(heard.text)) if len(begun) == 1 and len(token) > 2 else None

    def holds(self, slot: Slot, value: Any) -> bool:
        """Tell whether the choice is still offered."""
        return isinstance(value, str) and value in slot.choices

    def hint(self, slot: Slot) -> str:
        """List the choices."""
        return f"You can choose {either(slot.choices)}."

    def longest(self, slot: Slot) -> int:
        """Give the length of the longest choice."""
        return max(map(len, slot.choices), default=0)


def _named(slot: Slot, heard: Heard) -> list[Found]:
    """Give every choice that is named and not denied; the longest names first, no word twice."""
    phrases = [
        (words_of(name), choice)
        for choice, synonyms in slot.choices.items()
        for name in (choice, *synonyms)
    ]
    tokens, found = list(heard.tokens), []
    for phrase, choice in sorted(phrases, key=lambda one: -len(one[0])):
        at = find_phrase(phrase, tuple(tokens))
        if at >= 0:
            if not denied(heard.tokens[max(at - 3, 0) : at]):
                last = heard.words[at + len(phrase) - 1]
                found.append(Found(choice, heard.words[at].start, last.end))
            tokens[at : at + len(phrase)] = [""] * len(phrase)
    return found
