"""The door for backends that push: `Publisher(queue_url, client).push(...)`.

It needs nothing but an SQS client, of boto3 or botocore, so that a backend may copy this file. The
message shape and what becomes of a message stand in docs/push.md.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BATCH = 10
"""Messages in one request of SQS."""

BATCH_BYTES = 250_000
"""Of one request, so that it fits in wherever SQS takes no more than 256 KB."""

FIT = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")
"""What SQS takes as a group."""


class NotPublished(Exception):
    """Messages that SQS did not take: `ids`, each with its reason. Pushing them again is safe."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        super().__init__(f"{len(ids)} not published: {', '.join(sorted(set(ids.values())))}")
        self.ids = dict(ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMessage:
    """A message to a user: `text`, or `content` (any JSON), or both. Times are in seconds.

    The same `message_id` makes one turn, however often it is pushed. So does a `position`, of a
    `source` whose positions only grow. One with neither gets a new id here, and keeps it.
    """

    user_id: str
    text: str | None = None
    content: Any = None
    conversation_id: str = "main"
    message_id: str | None = None
    source: str | None = None
    position: int | str | None = None
    ttl: int | None = None
    ephemeral: bool = False
    state: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.message_id is None and self.position is None:
            object.__setattr__(self, "message_id", str(uuid.uuid4()))

    def body(self) -> str:
        """The message as it goes into the queue."""
        fields = {
            "userId": self.user_id,
            "conversationId": self.conversation_id,
            "id": self.message_id,
            "text": self.text,
            "content": self.content,
            "source": self.source,
            "position": self.position,
            "ttl": self.ttl,
            "ephemeral": self.ephemeral or None,
            "state": None if self.state is None else dict(self.state),
        }
        given = {name: value for name, value in fields.items() if value is not None}
        return json.dumps(given, ensure_ascii=False, allow_nan=False)


class Publisher:
    """Pushes by way of the queue, each user's messages in the order of the calls."""

    def __init__(self, queue_url: str, client: Any) -> None:
        """`client` is an SQS client with the right of `PushPublisherPolicy`."""
        self._queue_url = queue_url
        self._client = client

    def push(self, user_id: str, text: str | None = None, **fields: Any) -> str:
        """Push one message, of `PushMessage`'s fields; the id it is known by.

        Without an id of one's own it has a new one, and pushing it again makes another turn.
        """
        message = PushMessage(user_id=user_id, text=text, **fields)
        self._client.send_message(QueueUrl=self._queue_url, **_entry(message))
        return _id_of(message)

    def push_all(self, messages: Iterable[PushMessage]) -> int:
        """Push messages in their order, up to ten a request; how many there were.

        Raises NotPublished where SQS did not take some. Nothing behind their request was sent: push
        those, and all behind them, again, the same objects. What got in is known again by its id.
        """
        count = 0
        for batch in _batches(messages):
            entries = [{"Id": str(n), **_entry(message)} for n, message in enumerate(batch)]
            answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            failed = answer.get("Failed", [])
            if failed:
                raise NotPublished({_id_of(batch[int(f["Id"])]): f["Code"] for f in failed})
            count += len(batch)
        return count


def group_of(user_id: str) -> str:
    """The queue's group of a user's messages, in which they keep their order."""
    return user_id if FIT.fullmatch(user_id) else hashlib.sha256(user_id.encode()).hexdigest()


def _id_of(message: PushMessage) -> str:
    return message.message_id or f"{message.source}:{message.position}"


def _entry(message: PushMessage) -> dict[str, str]:
    # The same id to another user, or in another conversation, is another message.
    whole = json.dumps([message.user_id, message.conversation_id, _id_of(message)])
    return {
        "MessageBody": message.body(),
        "MessageGroupId": group_of(message.user_id),
        "MessageDeduplicationId": hashlib.sha256(whole.encode()).hexdigest(),
    }


def _batches(messages: Iterable[PushMessage]) -> Iterator[list[PushMessage]]:
    """Ten at a time, fewer where they are large, and never two of one user: SQS may refuse one of a
    batch and take those behind it, which would then stand before it."""
    batch: list[PushMessage] = []
    users: set[str] = set()
    used = 0
    for message in messages:
        size = len(message.body().encode())
        is_full = len(batch) == BATCH or used + size > BATCH_BYTES
        if batch and (is_full or message.user_id in users):
            yield batch
            batch, users, used = [], set(), 0
        batch.append(message)
        users.add(message.user_id)
        used += size
    if batch:
        yield batch
