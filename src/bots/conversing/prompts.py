"""What is said to a model, and what it says: the same for every provider."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Protocol

from bot.models import Usage


class Role(StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The model wants a tool to run; `arguments` is JSON, as the model wrote it."""

    use_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave."""

    use_id: str
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One speaker's part until the other's: texts, what tools to run, what they gave.

    `question`: its last text is the message that is being answered.
    """

    role: Role
    texts: tuple[str, ...] = ()
    uses: tuple[ToolUse, ...] = ()
    results: tuple[ToolResult, ...] = ()
    question: bool = False


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model is told of it; `schema` is a JSON schema of an object."""

    name: str
    description: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request. The lines alternate, and the first and the last are the user's.

    `for_user`: a person will read the answer, so that it has to pass a guardrail.
    """

    system: str
    lines: tuple[Line, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int | None = None
    for_user: bool = True


class Ending(Enum):
    """Why a model's answer ended."""

    DONE = "done"
    TOOLS = "tools"
    REFUSED = "refused"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class End:
    """The last piece of every answer."""

    ending: Ending
    usage: Usage | None = None


Piece = str | ToolUse | End

OnStop = Callable[[Callable[[], object]], None]


class Model(Protocol):
    """A language model."""

    def answer(self, prompt: Prompt, on_stop: OnStop) -> Generator[Piece, None, None]:
        """Ask, and yield the answer piece by piece, an End the last.

        The first may be empty: it tells that the request was taken, and costs what it costs.
        Gives `on_stop` what closes the connection. Raises ModelError; closing the generator
        closes the connection too.
        """
        ...
