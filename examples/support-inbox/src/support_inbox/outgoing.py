"""The way out: pushes by way of the queue, for as long as it takes within the reply's time."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import BotFailed, StoreUnavailable
from bot.models import ConversationKey
from bot.ports import Call

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 5.0
SECONDS_TO_END = 10.0
"""What the end of a reply may need besides."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A push. `name` is the same in every attempt at one turn: it makes one turn there, once."""

    to: ConversationKey
    name: str
    text: str
    content: Mapping[str, Any]
    state: Mapping[str, Any]

    def body(self) -> str:
        """As docs/push.md has it."""
        message = {
            "userId": self.to.user_id,
            "conversationId": self.to.conversation_id,
            "id": self.name,
            "text": self.text,
            "content": dict(self.content),
            "state": dict(self.state),
        }
        return json.dumps(message, ensure_ascii=False)


class Push(Protocol):
    """Pushes; raises where it cannot, and then the reply fails: its user can try again."""

    def __call__(self, outgoing: Outgoing, call: Call) -> None:
        """Push for this attempt at a reply."""
        ...


class Queue(Protocol):
    """What `delivery.push_queues.PushQueues` does here."""

    def put(self, body: str, group: str, name: str) -> None:
        """Have a message wait in the queue. Raises StoreUnavailable."""
        ...


class ByQueue:
    """Pushes into the queue that all pushes take, made at its first use."""

    def __init__(
        self, make: Callable[[], Queue], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._make = make
        self._sleep = sleep
        self._queue: Queue | None = None

    def __call__(self, outgoing: Outgoing, call: Call) -> None:
        """See the port."""
        to = outgoing.to
        self._queue = self._queue or self._make()
        # The same name to another user, or in another conversation, is another message.
        whole = json.dumps([to.user_id, to.conversation_id, outgoing.name], separators=(",", ":"))
        wait = FIRST_SECONDS
        while True:
            try:
                return self._queue.put(outgoing.body(), to.user_id, whole)
            except StoreUnavailable:
                if call.seconds_left() < SECONDS_TO_END + wait:
                    raise
            self._sleep(wait)
            wait = min(2 * wait, LONGEST_SECONDS)


def push_queue(address: str) -> Queue:
    """The deployment's queue. Raises BotFailed where the bot may not push."""
    from bots.aws import make_client
    from delivery.push_queues import PushQueues

    if not address:
        raise BotFailed("PUSH_QUEUE is empty: BotPushes")
    return PushQueues(lambda: make_client("sqs"), address, "")
