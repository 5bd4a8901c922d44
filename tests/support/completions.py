"""OpenAI's chat completions, as a loopback server speaks them."""

import json
from typing import Any

from bots.openai_compatible import OpenAICompatible
from tests.support.model_server import Answer, Asked, ModelServer

STREAM = {"Content-Type": "text/event-stream"}


def event(content: dict[str, Any]) -> bytes:
    """One event of the stream."""
    whole = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", **content}
    return b"data: " + json.dumps(whole).encode() + b"\n\n"


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """One event with a choice."""
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def texts(*pieces: str) -> list[bytes]:
    """The beginning of an answer."""
    return [chunk({"role": "assistant", "content": ""}), *(chunk({"content": p}) for p in pieces)]


def end(finish: str, used: tuple[int, int] = (10, 5)) -> list[bytes]:
    """The end of an answer."""
    usage = {"prompt_tokens": used[0], "completion_tokens": used[1], "total_tokens": sum(used)}
    return [chunk({}, finish), event({"choices": [], "usage": usage}), b"data: [DONE]\n\n"]


class CompletionsProvider:
    """See `tests.support.providers`."""

    bot = OpenAICompatible

    def environment(self, server: ModelServer) -> dict[str, str]:
        """See the Protocol."""
        return {"OPENAI_MODEL": "a-model", "OPENAI_BASE_URL": f"{server.url}/v1"}

    def says(self, *pieces: str, used: tuple[int, int] = (10, 5)) -> Answer:
        """See the Protocol."""
        return Answer([*texts(*pieces), *end("stop", used)], headers=STREAM)

    def wants(self, name: str, arguments: str, use_id: str = "use1", saying: str = "") -> Answer:
        """See the Protocol."""
        half = len(arguments) // 2
        first = {"name": name, "arguments": arguments[:half]}
        asking = [
            chunk({"tool_calls": [{"index": 0, "id": use_id, "type": "function", **each}]})
            for each in ({"function": first},)
        ]
        rest = {"index": 0, "function": {"arguments": arguments[half:]}}
        said = texts(saying) if saying else texts()
        parts = [*said, *asking, chunk({"tool_calls": [rest]}), *end("tool_calls")]
        return Answer(parts, headers=STREAM)

    def refuses(self) -> Answer:
        """See the Protocol."""
        return Answer([*texts(), *end("content_filter")], headers=STREAM)

    def throttles(self) -> Answer:
        """See the Protocol."""
        return self._error(429)

    def fails(self) -> Answer:
        """See the Protocol."""
        return self._error(503)

    def rejects(self) -> Answer:
        """See the Protocol."""
        return self._error(400)

    def breaks_after(self, *pieces: str) -> Answer:
        """See the Protocol."""
        error = event({"error": {"message": "the user said SECRET", "type": "server_error"}})
        return Answer([*texts(*pieces), error], headers=STREAM)

    def cut_after(self, *pieces: str) -> Answer:
        """See the Protocol."""
        return Answer(texts(*pieces), headers=STREAM, cut=True)

    def held_after(self, *pieces: str) -> Answer:
        """See the Protocol."""
        return Answer(texts(*pieces), headers=STREAM, held=True)

    def lines(self, asked: Asked) -> list[tuple[str, str]]:
        """See the Protocol."""
        return [
            (line["role"], line["content"]) for line in asked.body["messages"] if line["content"]
        ]

    def _error(self, status: int) -> Answer:
        body = json.dumps({"error": {"message": "the user said SECRET"}}).encode()
        return Answer([body], status, {"Content-Type": "application/json"})
