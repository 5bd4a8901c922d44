"""Typical turns: 120 bytes of text, 800 of reply and a bot's state, in several people's English."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.models import Message, Reply, Snapshot

BOT_CLASS = f"{__name__}:SampleBot"


@dataclass(frozen=True, slots=True)
class Sample:
    """One turn's words, and what the bot remembers after it."""

    text: str
    reply: str
    state: Mapping[str, Any]


@cache
def samples() -> tuple[Sample, ...]:
    """Read all the samples."""
    written = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return tuple(Sample(**entry) for entry in yaml.safe_load(written))


def sample(seq: int) -> Sample:
    """The sample that turn `seq` takes: they come round in order."""
    return samples()[seq % len(samples())]


class SampleBot:
    """Answers each sample's text with its reply."""

    def __init__(self) -> None:
        self._by_text = {each.text: each for each in samples()}

    def reply(self, snapshot: Snapshot, message: Message) -> Reply:
        """See `bot.ports.Bot`."""
        found = self._by_text[message.text]
        return Reply(found.reply, found.state)
