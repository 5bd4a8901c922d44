"""Amazon Bedrock's ConverseStream, as a loopback server speaks it.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html (the framing)
"""

import json
import struct
from binascii import crc32
from typing import Any

from bots.bedrock import Bedrock
from tests.support.model_server import Answer, Asked, ModelServer

STREAM = {"Content-Type": "application/vnd.amazon.eventstream"}
TEXT_HEADER = 7


def frame(headers: dict[str, str], body: dict[str, Any]) -> bytes:
    """One message of an event stream."""
    head = b"".join(
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", TEXT_HEADER, len(value.encode()))
        + value.encode()
        for name, value in headers.items()
    )
    content = json.dumps(body).encode()
    prelude = struct.pack("!II", 16 + len(head) + len(content), len(head))
    whole = prelude + struct.pack("!I", crc32(prelude)) + head + content
    return whole + struct.pack("!I", crc32(whole))


def event(kind: str, **body: Any) -> bytes:
    """An event of the stream."""
    names = {":message-type": "event", ":event-type": kind, ":content-type": "application/json"}
    return frame(names, body)


def failure(kind: str) -> bytes:
    """An error inside the stream."""
    names = {
        ":message-type": "exception",
        ":exception-type": kind,
        ":content-type": "application/json",
    }
    return frame(names, {"message": "the user said SECRET"})


def texts(*pieces: str, block: int = 0) -> list[bytes]:
    """The beginning of an answer."""
    said = [
        event("contentBlockDelta", contentBlockIndex=block, delta={"text": piece})
        for piece in pieces
    ]
    return [event("messageStart", role="assistant"), *said]


def end(reason: str, used: tuple[int, int] = (10, 5)) -> list[bytes]:
    """The end of an answer."""
    usage = {"inputTokens": used[0], "outputTokens": used[1], "totalTokens": sum(used)}
    return [
        event("messageStop", stopReason=reason),
        event("metadata", usage=usage, metrics={"latencyMs": 1}),
    ]


class BedrockProvider:
    """See `tests.support.providers`."""

    bot = Bedrock

    def environment(self, server: ModelServer) -> dict[str, str]:
        """See the Protocol."""
        return {"BEDROCK_MODEL": "a-model"}

    def says(self, *pieces: str, used: tuple[int, int] = (10, 5)) -> Answer:
        """See the Protocol."""
        return Answer([*texts(*pieces), *end("end_turn", used)], headers=STREAM)

    def wants(self, name: str, arguments: str, use_id: str = "use1", saying: str = "") -> Answer:
        """See the Protocol."""
        half = len(arguments) // 2
        start = {"toolUse": {"toolUseId": use_id, "name": name}}
        asking = [
            event("contentBlockStart", contentBlockIndex=1, start=start),
            *(
                event("contentBlockDelta", contentBlockIndex=1, delta={"toolUse": {"input": part}})
                for part in (arguments[:half], arguments[half:])
            ),
            event("contentBlockStop", contentBlockIndex=1),
        ]
        said = texts(saying) if saying else texts()
        return Answer([*said, *asking, *end("tool_use")], headers=STREAM)

    def refuses(self) -> Answer:
        """See the Protocol."""
        return Answer([*texts(), *end("content_filtered")], headers=STREAM)

    def throttles(self) -> Answer:
        """See the Protocol."""
        return self._error(429, "ThrottlingException")

    def fails(self) -> Answer:
        """See the Protocol."""
        return self._error(503, "ServiceUnavailableException")

    def rejects(self) -> Answer:
        """See the Protocol."""
        return self._error(400, "ValidationException")

    def breaks_after(self, *pieces: str) -> Answer:
        """See the Protocol."""
        return Answer([*texts(*pieces), failure("modelStreamErrorException")], headers=STREAM)

    def cut_after(self, *pieces: str) -> Answer:
        """See the Protocol."""
        return Answer(texts(*pieces), headers=STREAM, cut=True)

    def held_after(self, *pieces: str) -> Answer:
        """See the Protocol."""
        return Answer(texts(*pieces), headers=STREAM, held=True)

    def lines(self, asked: Asked) -> list[tuple[str, str]]:
        """See the Protocol."""
        found = [("system", block["text"]) for block in asked.body.get("system", [])]
        for line in asked.body["messages"]:
            for block in line["content"]:
                if "toolResult" in block:
                    (content,) = block["toolResult"]["content"]
                    found.append(("tool", content["text"]))
            text = "\n\n".join(block["text"] for block in line["content"] if "text" in block)
            if text:
                found.append((line["role"], text))
        return found

    def _error(self, status: int, kind: str) -> Answer:
        body = json.dumps({"message": "the user said SECRET"}).encode()
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": kind}
        return Answer([body], status, headers)
