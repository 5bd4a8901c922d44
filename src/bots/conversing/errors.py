"""What can go wrong with a language model.

    BotFailed
    └── ModelError
        ├── Throttled      too many requests; may be tried again
        ├── Unavailable    no answer, or one that broke off; may be tried again
        ├── Rejected       the request was refused: no right, no such model, too long
        ├── Malformed      the answer is not what the model's interface promises
        └── TooManyRounds  the model wants tools again and again

The reason is the HTTP status and a code of the provider's, never its message, which may quote what
a user said.
"""

import re
from typing import ClassVar

from bot.errors import BotFailed


class ModelError(BotFailed):
    """A language model did not answer as it should; `transient` where it may if asked again.

    `retry_after` is the wait in seconds that the provider asks for.
    """

    transient: ClassVar[bool] = False

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Throttled(ModelError):
    """Too many requests, or too many tokens, just now."""

    transient = True


class Unavailable(ModelError):
    """No answer came, or one that broke off."""

    transient = True


class Rejected(ModelError):
    """The request was refused, and would be again."""


class Malformed(ModelError):
    """The answer is not what the interface promises."""


class TooManyRounds(ModelError):
    """The model asks for tools again and again."""


CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)
"""What a provider's error code looks like. Anything else is not one, and may be anyone's words."""


def reason(status: int, code: object = None) -> str:
    """The reason of an error that a provider answered with."""
    known = code if isinstance(code, str) and CODE.fullmatch(code) else ""
    return f"{status or ''} {known}".strip()


class WrongVariable(ValueError):
    """An environment variable is not what it must be; the message names it."""
