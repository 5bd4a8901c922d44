"""A prompt as chat completions take it.
https://platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Iterator
from typing import Any

from bots.conversing.prompts import Line, Prompt, Role, ToolUse
from bots.conversing.settings import Inference
from bots.openai_compatible.settings import OpenAISettings

MAX_STOP_SEQUENCES = 4
"""More are refused."""


def request(prompt: Prompt, endpoint: OpenAISettings, inference: Inference) -> dict[str, Any]:
    """The arguments of `chat.completions.create`."""
    # OpenAI's newer models refuse the old name, and many other servers do not know the new one.
    max_tokens = "max_completion_tokens" if endpoint.is_openai else "max_tokens"
    chosen = {
        max_tokens: prompt.max_tokens or inference.max_tokens,
        "temperature": inference.temperature,
        "top_p": inference.top_p,
        "stop": list(inference.stop_sequences[:MAX_STOP_SEQUENCES]) or None,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.schema,
                },
            }
            for tool in prompt.tools
        ]
        or None,
    }
    return {
        "model": endpoint.model,
        "messages": list(_messages(prompt)),
        "stream": True,
        "stream_options": {"include_usage": True},
        **{name: value for name, value in chosen.items() if value is not None},
    }


def _messages(prompt: Prompt) -> Iterator[dict[str, Any]]:
    if prompt.system:
        yield {"role": "system", "content": prompt.system}
    for line in prompt.lines:
        for result in line.results:
            yield {"role": "tool", "tool_call_id": result.use_id, "content": result.text}
        if line.role is Role.ASSISTANT:
            yield _answer(line)
        elif line.texts:
            yield {"role": "user", "content": "\n\n".join(line.texts)}


def _answer(line: Line) -> dict[str, Any]:
    said: dict[str, Any] = {"role": "assistant", "content": "\n\n".join(line.texts) or None}
    if line.uses:
        said["tool_calls"] = [_tool_call(use) for use in line.uses]
    return said


def _tool_call(use: ToolUse) -> dict[str, Any]:
    function = {"name": use.name, "arguments": use.arguments or "{}"}
    return {"id": use.use_id, "type": "function", "function": function}
