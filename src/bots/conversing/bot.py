"""A bot that is a language model: what all providers' bots have in common."""

import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from bot.models import Message, Outcome, Snapshot
from bot.ports import Call
from bots.conversing.patience import Patience
from bots.conversing.prompts import Model
from bots.conversing.settings import Environment, ModelSettings
from bots.conversing.talk import Talk
from bots.conversing.tools import Function, Tools


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a reply needs."""

    model: Model
    settings: ModelSettings
    tools: Tools


class ModelBot(ABC):
    """Streams what a language model says (docs/bots.md).

    A subclass may name its own `tools`, and its own `system` in place of MODEL_SYSTEM.
    """

    system: ClassVar[str] = ""
    tools: ClassVar[Sequence[Function]] = ()
    patience: ClassVar[Patience] = Patience()

    variable: ClassVar[str]
    """The environment variable that names the model."""

    def __init__(self, environment: Environment = os.environ) -> None:
        """Get ready, where the model is named; a wrong setting raises WrongVariable.

        The message function makes the bot too, only to see that it streams, and is told of no
        model.
        """
        self._environment = environment
        self._ready = self._made_ready() if self.variable in environment else None

    @abstractmethod
    def model(self, settings: ModelSettings, environment: Environment) -> Model:
        """Make the way to the model. Raises WrongVariable."""

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome]:
        """See `bot.ports.StreamingBot`. Raises ModelError."""
        ready = self._ready = self._ready or self._made_ready()
        talk = Talk(ready.model, ready.settings, ready.tools, self.patience, call)
        return (yield from talk.reply(snapshot, message))

    def _made_ready(self) -> Ready:
        settings = ModelSettings.from_environment(self._environment)
        settings = replace(settings, system=self.system or settings.system)
        return Ready(self.model(settings, self._environment), settings, Tools(self.tools))
