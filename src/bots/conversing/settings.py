"""What template.yaml says of every bot on a language model, by environment variable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bots.conversing.errors import WrongVariable

Value = TypeVar("Value")

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Inference:
    """How the model is to answer; None leaves it to the model."""

    max_tokens: int = 2_000
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """A conversation with a model.

    `context_tokens` bounds what it is given to read: instructions, summary, earlier turns, message.
    A summary is made once in `summary_every` turns at most; 0 for none.
    """

    system: str = ""
    inference: Inference = Inference()
    context_tokens: int = 16_000
    summary_every: int = 10
    tool_rounds: int = 5

    @classmethod
    def from_environment(cls, environment: Environment) -> "ModelSettings":
        """Read all MODEL_ variables. Raises WrongVariable."""
        inference = Inference(
            max_tokens=read(environment, "MODEL_MAX_TOKENS", whole(1), "2000"),
            temperature=read(environment, "MODEL_TEMPERATURE", fraction, ""),
            top_p=read(environment, "MODEL_TOP_P", fraction, ""),
            stop_sequences=read(environment, "MODEL_STOP_SEQUENCES", parts, ""),
        )
        return cls(
            system=read(environment, "MODEL_SYSTEM", str, ""),
            inference=inference,
            context_tokens=read(environment, "MODEL_CONTEXT_TOKENS", whole(1), "16000"),
            summary_every=read(environment, "MODEL_SUMMARY_EVERY", whole(0), "10"),
            tool_rounds=read(environment, "MODEL_TOOL_ROUNDS", whole(0), "5"),
        )


def read(
    environment: Environment, name: str, convert: Callable[[str], Value], default: str | None = None
) -> Value:
    """The value of a variable. Raises WrongVariable."""
    text = environment.get(name, default)
    if text is None:
        raise WrongVariable(f"{name} is not set")
    try:
        return convert(text.strip())
    except ValueError as error:
        raise WrongVariable(f"{name}: {error}") from None


# Converters raise ValueError, which says what the text must be.


def given(text: str) -> str:
    """Any text that is not empty."""
    if not text:
        raise ValueError("must not be empty")
    return text


def whole(least: int) -> Callable[[str], int]:
    """A whole number from `least` to 10,000,000."""

    def convert(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= 10_000_000:
            raise ValueError(f"must be a whole number from {least} to 10,000,000")
        return int(text)

    return convert


def fraction(text: str) -> float | None:
    """A number from 0 to 2; None for an empty text."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 2:
        raise ValueError("must be a number from 0 to 2, or empty")
    return number


def parts(text: str) -> tuple[str, ...]:
    """The parts of a comma-separated list that are not empty, spaces and all."""
    return tuple(part for part in text.split(",") if part)
