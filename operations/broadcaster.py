"""The door for backends that tell many users the same: `Broadcaster(queue_url, client)`.

It needs nothing but an SQS client, of boto3 or botocore, so that a backend may copy this file. What
becomes of a broadcast stands in docs/push.md.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

USERS = 500
"""Users in one message of the queue, which is one step."""

BODY_BYTES = 250_000
"""Of one message, so that it fits in wherever SQS takes no more than 256 KB."""

GROUP = "broadcast"


class Broadcaster:
    """Broadcasts by way of the queue."""

    def __init__(self, queue_url: str, client: Any) -> None:
        """`client` is an SQS client with the right of `BroadcastPublisherPolicy`."""
        self._queue_url = queue_url
        self._client = client

    def to_active(
        self, text: str | None = None, *, broadcast_id: str | None = None, **fields: Any
    ) -> str:
        """Tell all who are active; the id it is known by. `fields` as for `to_users`."""
        broadcast_id = broadcast_id or str(uuid.uuid4())
        step = {"id": broadcast_id, "message": message(text, **fields), "to": "active"}
        self._send(broadcast_id, 1, step)
        return broadcast_id

    def to_users(
        self,
        user_ids: Iterable[str],
        text: str | None = None,
        *,
        broadcast_id: str | None = None,
        **fields: Any,
    ) -> str:
        """Tell a list of users; the id it is known by. `fields` are those of `message`.

        The same id, users and message again change nothing: do so where this raised half-way.
        """
        broadcast_id = broadcast_id or str(uuid.uuid4())
        told = message(text, **fields)
        room = BODY_BYTES - len(json.dumps(told, ensure_ascii=False).encode())
        chunks = list(_chunks(dict.fromkeys(user_ids), room))
        for number, users in enumerate(chunks, start=1):
            step = {"id": broadcast_id, "message": told, "users": users}
            self._send(broadcast_id, number, {**step, "step": number, "steps": len(chunks)})
        return broadcast_id

    def _send(self, broadcast_id: str, number: int, step: Mapping[str, Any]) -> None:
        name = json.dumps([broadcast_id, number])
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=json.dumps(step, ensure_ascii=False, allow_nan=False),
            MessageGroupId=GROUP,
            MessageDeduplicationId=hashlib.sha256(name.encode()).hexdigest(),
        )


def message(
    text: str | None = None,
    *,
    content: Any = None,
    conversation_id: str = "main",
    ttl: int | None = None,
    ephemeral: bool = False,
    state: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What each user is pushed: `text`, or `content` (any JSON), or both; `ttl` in seconds."""
    fields = {
        "conversationId": conversation_id,
        "text": text,
        "content": content,
        "ttl": ttl,
        "ephemeral": ephemeral or None,
        "state": None if state is None else dict(state),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _chunks(user_ids: Iterable[str], room: int) -> Iterator[Sequence[str]]:
    """So many users at a time, fewer where there is no room."""
    chunk: list[str] = []
    used = 0
    for user_id in user_ids:
        size = len(json.dumps(user_id, ensure_ascii=False).encode()) + 2
        if chunk and (len(chunk) == USERS or used + size > room):
            yield chunk
            chunk, used = [], 0
        chunk.append(user_id)
        used += size
    if chunk:
        yield chunk
