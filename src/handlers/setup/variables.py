"""Reading environment variables: one converter for each kind of value."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

Value = TypeVar("Value")

Environment = Mapping[str, str]


class SettingsError(Exception):
    """A variable is missing or is not what it must be; the message names it."""


def read(
    environment: Environment, name: str, convert: Callable[[str], Value], default: str | None = None
) -> Value:
    """The value of a variable. Raises SettingsError."""
    text = environment.get(name, default)
    if text is None:
        raise SettingsError(f"{name} is not set.")
    try:
        return convert(text.strip())
    except ValueError as error:
        raise SettingsError(f"{name}: {error}.") from None


# Converters raise ValueError, which says what the text must be.


def name(text: str) -> str:
    """Any text that is not empty."""
    if not text:
        raise ValueError("must not be empty")
    return text


def names(text: str) -> tuple[str, ...]:
    """The parts of a comma-separated list that are not empty."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def positive(text: str) -> int:
    """A whole number from 1 to 1,000,000."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError("must be a whole number above 0")
    if int(text) > 1_000_000:
        raise ValueError("must be at most 1,000,000")
    return int(text)


def natural(text: str) -> int:
    """A whole number from 0, which is none, to 1,000,000,000."""
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) > 1_000_000_000:
        raise ValueError("must be a whole number from 0 to 1,000,000,000")
    return int(text)


def one_of(choices: Mapping[str, Value]) -> Callable[[str], Value]:
    """The value that a word stands for."""

    def choose(text: str) -> Value:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return choices[text]

    return choose


def class_path(text: str) -> str:
    """`package.module:Class`."""
    if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", text):
        raise ValueError("must be package.module:Class")
    return text
