"""What a message is about: the dialogues it starts and the questions it asks."""

from collections.abc import Iterable
from dataclasses import dataclass

from bots.scripted.flow import Answer, Dialogue, Flow
from bots.scripted.pattern import Pattern, compile_pattern


@dataclass(frozen=True)
class Topic:
    """A dialogue or an answer, with every way to bring it up."""

    name: str
    is_dialogue: bool
    patterns: tuple[Pattern, ...]
    keywords: tuple[tuple[Pattern, ...], ...]

    def weight(self, tokens: tuple[str, ...]) -> int:
        """Tell how strongly `tokens` speak of it: 0 is not at all; order counts a little."""
        ordered = (2 * one.weight + 1 for one in self.patterns if one.find(tokens))
        anywhere = (
            2 * len(words) for words in self.keywords if all(word.find(tokens) for word in words)
        )
        return max((*ordered, *anywhere), default=0)

    def is_all_of(self, tokens: tuple[str, ...]) -> bool:
        """Tell whether `tokens` speak of nothing else."""
        return self.weight(tokens) // 2 >= len(tokens)


def topics_of(flow: Flow) -> tuple[Topic, ...]:
    """Prepare the topics of `flow`, dialogues first, in the order of the file."""
    dialogues = (_topic(name, form, True) for name, form in flow.dialogues.items())
    answers = (_topic(name, form, False) for name, form in flow.answers.items())
    return (*dialogues, *answers)


def best(topics: Iterable[Topic], tokens: tuple[str, ...], *, apart_from: str = "") -> Topic | None:
    """Give the topic that fits best, the earlier of equals; `apart_from` names a dialogue."""
    found, most = None, 0
    for topic in topics:
        if topic.is_dialogue and topic.name == apart_from:
            continue
        weight = topic.weight(tokens)
        if weight > most:
            found, most = topic, weight
    return found


def keyword(text: str) -> tuple[Pattern, ...]:
    """Read a keyword: words that must all be there, in any order; `a|b` is either."""
    return tuple(compile_pattern(f"({word})") for word in text.split())


def _topic(name: str, form: Answer | Dialogue, is_dialogue: bool) -> Topic:
    return Topic(
        name,
        is_dialogue,
        tuple(map(compile_pattern, form.patterns)),
        tuple(map(keyword, form.keywords)),
    )
