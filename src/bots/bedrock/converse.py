"""Amazon Bedrock's ConverseStream as a `Model`."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from bot.models import Usage
from bots.bedrock.requests import request
from bots.bedrock.settings import BedrockSettings
from bots.conversing.errors import ModelError, Rejected, Throttled, Unavailable, reason
from bots.conversing.prompts import End, Ending, OnStop, Piece, Prompt, ToolUse
from bots.conversing.settings import Inference

ENDINGS = {
    "end_turn": Ending.DONE,
    "stop_sequence": Ending.DONE,
    "max_tokens": Ending.DONE,
    "model_context_window_exceeded": Ending.DONE,
    "tool_use": Ending.TOOLS,
    # Bedrock streams the guardrail's own words before it says so.
    "guardrail_intervened": Ending.REFUSED,
    "content_filtered": Ending.REFUSED,
}
"""All others are malformed answers."""

THROTTLED = frozenset({"throttlingexception", "toomanyrequestsexception"})
BROKEN = frozenset(
    {
        "internalserverexception",
        "modelerrorexception",
        "modelnotreadyexception",
        "modelstreamerrorexception",
        "modeltimeoutexception",
        "serviceunavailableexception",
    }
)
"""Error codes in small letters: inside a stream they begin with one, before it they do not."""


@dataclass(frozen=True, slots=True)
class Converse:
    """One model of Bedrock's; `client` is botocore's, and does not try again by itself."""

    client: Any
    settings: BedrockSettings
    inference: Inference

    def answer(self, prompt: Prompt, on_stop: OnStop) -> Generator[Piece, None, None]:
        """See the port."""
        with _translated():
            asked = request(prompt, self.settings, self.inference)
            stream = self.client.converse_stream(**asked)["stream"]
            with closing(stream):
                on_stop(partial(_cut, stream))
                yield ""  # the request was taken, and counts from now on
                yield from Answer().pieces(stream)


@dataclass(slots=True)
class Answer:
    """What one stream has brought so far."""

    uses: dict[int, ToolUse] = field(default_factory=dict)
    stop_reason: str = ""
    usage: Usage | None = None

    def pieces(self, events: Iterable[dict[str, Any]]) -> Iterator[Piece]:
        """Read the stream. Raises Unavailable where it ends before its end."""
        for event in events:
            yield from self._text(event)
            self._note(event)
        if not self.stop_reason:
            raise Unavailable("stream cut off")
        ending = ENDINGS.get(self.stop_reason, Ending.MALFORMED)
        if ending is Ending.TOOLS:
            yield from self.uses.values()
        yield End(ending, self.usage)

    def _text(self, event: dict[str, Any]) -> Iterator[Piece]:
        # Reasoning and citations are left out: they are not what the model answers.
        text = event.get("contentBlockDelta", {}).get("delta", {}).get("text")
        if text:
            yield text

    def _note(self, event: dict[str, Any]) -> None:
        if "contentBlockStart" in event:
            block = event["contentBlockStart"]
            use = block["start"].get("toolUse")
            # Tools of another `type` run at Bedrock, and their results come with the stream.
            if use and not use.get("type"):
                self.uses[block["contentBlockIndex"]] = ToolUse(use["toolUseId"], use["name"], "")
        elif "contentBlockDelta" in event:
            block = event["contentBlockDelta"]
            more = block["delta"].get("toolUse")
            use = self.uses.get(block["contentBlockIndex"])
            if more and use:
                arguments = use.arguments + more["input"]
                self.uses[block["contentBlockIndex"]] = ToolUse(use.use_id, use.name, arguments)
        elif "messageStop" in event:
            self.stop_reason = event["messageStop"]["stopReason"]
        elif "metadata" in event:
            used = event["metadata"]["usage"]
            cached = used.get("cacheReadInputTokens", 0) + used.get("cacheWriteInputTokens", 0)
            self.usage = Usage(used["inputTokens"] + cached, used["outputTokens"])


def _cut(stream: Any) -> None:
    """End a stream that another thread reads.

    To close it would wait for that thread; shutting its socket down wakes it.
    """
    stream._raw_stream.shutdown()


@contextmanager
def _translated() -> Iterator[None]:
    # `from None`: Bedrock's messages can quote the request.
    try:
        yield
    except ClientError as error:
        raise _model_error(error) from None
    except (BotoCoreError, ParserError, HTTPError, OSError) as error:
        raise Unavailable(type(error).__name__) from None


def _model_error(error: ClientError) -> ModelError:
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    named = reason(status, code)
    known = code.lower()
    if known in THROTTLED or (status == 429 and known not in BROKEN):
        return Throttled(named)
    if known in BROKEN or status >= 500:
        return Unavailable(named)
    return Rejected(named)
