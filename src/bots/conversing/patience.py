"""How long a model that does not answer is asked again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import uniform
from threading import Event

from bot.ports import Call
from bots.conversing.errors import ModelError

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 10.0
SECONDS_TO_ANSWER = 5.0
"""Without so much time left, a model that does answer would be cut off at once."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Back-off with full jitter, which spreads those who were throttled together."""

    first: float = FIRST_SECONDS
    longest: float = LONGEST_SECONDS
    chance: Callable[[float, float], float] = uniform

    def seconds(self, tries: int, error: ModelError) -> float:
        """How long to wait after so many tries, at least what the provider asks for."""
        most = min(self.longest, self.first * 2.0 ** min(tries, 30))
        return max(error.retry_after, self.chance(most / 2, most))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Waits within one reply's time, and no longer once nobody wants it."""

    call: Call
    patience: Patience
    stopped: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.call.on_stop(self.stopped.set)

    def may_retry(self, error: ModelError, tries: int) -> bool:
        """Wait; whether the model may then be asked again."""
        seconds = self.patience.seconds(tries, error)
        if not error.transient or self.call.seconds_left() - seconds < SECONDS_TO_ANSWER:
            return False
        return not self.stopped.wait(seconds)
