"""A flow made ready to run."""

from collections.abc import Iterator
from dataclasses import dataclass

from bots.scripted.flow import Flow, Slot
from bots.scripted.phrases import PHRASES
from bots.scripted.render import label
from bots.scripted.slots import kind_of
from bots.scripted.spelling import Vocabulary
from bots.scripted.text import words_of
from bots.scripted.topics import Topic, topics_of
from bots.scripted.vocabulary import COMMANDS, NO, YES


@dataclass(frozen=True)
class Script:
    """All that answering needs; made once, never changed."""

    flow: Flow
    topics: tuple[Topic, ...]
    vocabulary: Vocabulary
    phrases: dict[str, str]
    facts: dict[str, Slot | None]
    """What may be remembered beyond a dialogue; None for a computed value."""


def prepare(flow: Flow) -> Script:
    """Make `flow`, which has been checked, ready."""
    topics = topics_of(flow)
    return Script(
        flow, topics, Vocabulary(_words(flow, topics)), PHRASES | flow.phrases, _facts(flow)
    )


def names_of(name: str, slot: Slot) -> list[tuple[str, ...]]:
    """Give everything that a person may call a slot, the longest first."""
    names = {label(name, slot), name.replace("_", " "), *slot.words, *kind_of(slot).words}
    return sorted((words_of(one) for one in names), key=lambda words: (-len(words), words))


def _facts(flow: Flow) -> dict[str, Slot | None]:
    facts: dict[str, Slot | None] = {}
    for dialogue in flow.dialogues.values():
        facts |= {name: None for name, rule in dialogue.compute.items() if rule.remember}
    for dialogue in flow.dialogues.values():
        facts |= {name: slot for name, slot in dialogue.slots.items() if slot.remember}
    return facts


def _words(flow: Flow, topics: tuple[Topic, ...]) -> Iterator[str]:
    for topic in topics:
        for pattern in (*topic.patterns, *(word for words in topic.keywords for word in words)):
            yield from pattern.words()
    for phrases in (*COMMANDS.values(), YES, NO):
        for phrase in phrases:
            yield from phrase
    for dialogue in flow.dialogues.values():
        for name, slot in dialogue.slots.items():
            for words in names_of(name, slot):
                yield from words
            for choice, synonyms in slot.choices.items():
                for synonym in (choice, *synonyms):
                    yield from words_of(synonym)
