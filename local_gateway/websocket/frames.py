"""The frames that API Gateway itself sends, exact to the byte, and its limits on frames."""

import json
from collections.abc import Iterator

MAX_MESSAGE_BYTES = 128 * 1024
MAX_FRAME_BYTES = 32 * 1024
IDLE_SECONDS = 600.0
LIFETIME_SECONDS = 7200.0

FORBIDDEN = "Forbidden"
INTERNAL_SERVER_ERROR = "Internal server error"
TIMED_OUT = "Endpoint request timed out"
# The text is not documented [L]; only that there is such a frame.
TOO_MANY_REQUESTS = "Too Many Requests"


def error_frame(message: str, connection_id: str, request_id: str) -> str:
    """Return the error frame. A single space follows ``"message":``, and none the other colons."""
    return (
        f'{{"message": {json.dumps(message)}, '
        f'"connectionId":{json.dumps(connection_id)}, "requestId":{json.dumps(request_id)}}}'
    )


def in_frames(message: bytes) -> Iterator[tuple[bytes, bool]]:
    """Split a message into frames of at most 32 KB, each with whether it is the last."""
    for start in range(0, max(len(message), 1), MAX_FRAME_BYTES):
        yield message[start : start + MAX_FRAME_BYTES], start + MAX_FRAME_BYTES >= len(message)
