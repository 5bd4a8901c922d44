"""OpenAI's chat completions as a `Model`, by the official SDK."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from socket import SHUT_RDWR
from typing import Any

import openai

from bot.models import Usage
from bots.conversing.errors import ModelError, Rejected, Throttled, Unavailable, reason
from bots.conversing.prompts import End, Ending, OnStop, Piece, Prompt, ToolUse
from bots.conversing.settings import Inference
from bots.openai_compatible.requests import request
from bots.openai_compatible.settings import OpenAISettings

ENDINGS = {
    "stop": Ending.DONE,
    "length": Ending.DONE,
    "tool_calls": Ending.TOOLS,
    "content_filter": Ending.REFUSED,
}
"""All others are malformed answers."""


@dataclass(frozen=True, slots=True)
class Completions:
    """One model behind an endpoint; `client` is the SDK's, and does not try again by itself."""

    client: Any
    endpoint: OpenAISettings
    inference: Inference

    def answer(self, prompt: Prompt, on_stop: OnStop) -> Generator[Piece, None, None]:
        """See the port."""
        with _translated():
            asked = request(prompt, self.endpoint, self.inference)
            stream = self.client.chat.completions.create(**asked)
            with closing(stream):
                on_stop(partial(_cut, stream))
                yield ""  # the request was taken, and counts from now on
                yield from Answer().pieces(stream)


@dataclass(slots=True)
class Answer:
    """What one stream has brought so far."""

    uses: dict[int, ToolUse] = field(default_factory=dict)
    finish_reason: str = ""
    usage: Usage | None = None

    def pieces(self, chunks: Iterable[Any]) -> Iterator[Piece]:
        """Read the stream. Raises Unavailable where it ends before its end."""
        for chunk in chunks:
            if chunk.usage:
                self.usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            # Some servers leave out what is empty.
            for choice in (chunk.choices or ())[:1]:
                if choice.delta:
                    yield from self._text(choice.delta)
                self._note(choice)
        if not self.finish_reason:
            raise Unavailable("stream cut off")
        ending = ENDINGS.get(self.finish_reason, Ending.MALFORMED)
        if self.uses and ending is Ending.DONE and self.finish_reason == "stop":
            ending = Ending.TOOLS  # some servers end so, though the model wants a tool
        if ending is Ending.TOOLS:
            yield from self.uses.values()
        yield End(ending, self.usage)

    def _text(self, delta: Any) -> Iterator[Piece]:
        text = delta.content or getattr(delta, "refusal", None)
        if text:
            yield text

    def _note(self, choice: Any) -> None:
        self.finish_reason = choice.finish_reason or self.finish_reason
        for call in (choice.delta and choice.delta.tool_calls) or ():
            known = self.uses.get(call.index) or ToolUse("", "", "")
            function = call.function
            self.uses[call.index] = ToolUse(
                known.use_id or call.id or f"call_{call.index}",
                known.name or (function and function.name) or "",
                known.arguments + ((function and function.arguments) or ""),
            )


def _cut(stream: Any) -> None:
    """End a stream that another thread reads.

    To close it would not wake that thread; shutting its socket down does.
    """
    network = stream.response.extensions["network_stream"]
    network.get_extra_info("socket").shutdown(SHUT_RDWR)


@contextmanager
def _translated() -> Iterator[None]:
    # `from None`: an endpoint's messages can quote the request.
    try:
        yield
    except openai.APIStatusError as error:
        raise _model_error(error) from None
    except (openai.OpenAIError, OSError, ValueError) as error:
        # ValueError: a chunk that is no JSON.
        raise Unavailable(type(error).__name__) from None


def _model_error(error: openai.APIStatusError) -> ModelError:
    status = error.status_code
    named = reason(status, error.code or error.type)
    if status == 429 and error.code != "insufficient_quota":
        return Throttled(named, _retry_after(error))
    if status in (408, 409) or status >= 500:
        return Unavailable(named, _retry_after(error))
    return Rejected(named)


def _retry_after(error: openai.APIStatusError) -> float:
    try:
        seconds = float(error.response.headers.get("retry-after", "0"))
    except ValueError:
        return 0.0
    return seconds if seconds > 0 else 0.0
