"""A prompt as ConverseStream takes it.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import json
from typing import Any

from bots.bedrock.settings import BedrockSettings
from bots.conversing.prompts import Line, Prompt, ToolResult, ToolUse
from bots.conversing.settings import Inference

Block = dict[str, Any]


def request(prompt: Prompt, settings: BedrockSettings, inference: Inference) -> dict[str, Any]:
    """The arguments of `converse_stream`."""
    guarded = bool(settings.guardrail) and prompt.for_user
    asked: dict[str, Any] = {
        "modelId": settings.model,
        "messages": [_message(line, guarded) for line in prompt.lines],
        "inferenceConfig": _inference(prompt, inference),
    }
    if prompt.system:
        asked["system"] = [{"text": prompt.system}]
    if prompt.tools:
        asked["toolConfig"] = {
            "tools": [
                {
                    "toolSpec": {
                        "name": tool.name,
                        "description": tool.description,
                        "inputSchema": {"json": tool.schema},
                    }
                }
                for tool in prompt.tools
            ]
        }
    if guarded:
        asked["guardrailConfig"] = {
            "guardrailIdentifier": settings.guardrail,
            "guardrailVersion": settings.guardrail_version,
            # What a person has read cannot be taken back: let it be checked first.
            "streamProcessingMode": "sync",
        }
    return asked


def _inference(prompt: Prompt, inference: Inference) -> dict[str, Any]:
    chosen = {
        "maxTokens": prompt.max_tokens or inference.max_tokens,
        "temperature": inference.temperature,
        "topP": inference.top_p,
        "stopSequences": list(inference.stop_sequences) or None,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _message(line: Line, guarded: bool) -> dict[str, Any]:
    blocks: list[Block] = [{"text": text} for text in line.texts]
    if line.question and guarded:
        # Only this message: what was blocked once would else block every message after it.
        blocks[-1] = {"guardContent": {"text": {"text": line.texts[-1]}}}
    blocks += [_tool_use(use) for use in line.uses]
    blocks += [_tool_result(result) for result in line.results]
    return {"role": str(line.role), "content": blocks}


def _tool_use(use: ToolUse) -> Block:
    return {"toolUse": {"toolUseId": use.use_id, "name": use.name, "input": _object(use.arguments)}}


def _tool_result(result: ToolResult) -> Block:
    return {
        "toolResult": {
            "toolUseId": result.use_id,
            "content": [{"text": result.text}],
            "status": "error" if result.failed else "success",
        }
    }


def _object(arguments: str) -> dict[str, Any]:
    """What the model wrote, where it is an object; the tool's result says if it was not."""
    try:
        read = json.loads(arguments or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
