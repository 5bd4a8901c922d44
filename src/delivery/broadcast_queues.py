"""The queues around a broadcast: where its steps wait, and where its pushes go."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import StoreUnavailable
from bot.push.broadcast_steps import Step
from delivery.push_queues import MAX_BODY_BYTES, PushQueues, fit_for_sqs

GROUP = "broadcast"
"""One group: one step at a time, whichever broadcast it is of, so that the rate is of them all."""

BATCH = 10
"""Messages in one request of SQS."""

AT_ONCE = 8

Pushes = Sequence[tuple[str, str]]


class BroadcastQueues:
    """`bot.push.ports.BroadcastOutlet` on SQS. `steps` are the queues of the steps themselves."""

    def __init__(self, client: Callable[[], Any], pushes: str, steps: PushQueues) -> None:
        self._make_client = client
        self._pushes = pushes
        self._client: Any = None
        self.steps = steps

    def push(self, pushes: Pushes) -> None:
        """See the port."""
        self._client = self._client or self._make_client()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._send, _batches(pushes)))

    def go_on(self, step: Step) -> None:
        """See the port."""
        # Begun again after it had gone on, a step goes on once: SQS drops the second for 5 minutes.
        self.steps.put(step.body(), GROUP, _digest(step.broadcast_id, step.number))

    def _send(self, batch: Pushes) -> None:
        entries = [
            {
                "Id": str(number),
                "MessageBody": body,
                "MessageGroupId": fit_for_sqs(user_id),
                "MessageDeduplicationId": _digest(user_id, body),
            }
            for number, (user_id, body) in enumerate(batch)
        ]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._pushes, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable("The queue cannot be reached now.") from error
        if answer.get("Failed"):
            raise StoreUnavailable("The queue did not take all.")


def _batches(pushes: Pushes) -> Iterator[Pushes]:
    """Ten at a time, fewer where they are large. No user is in it twice, so that none overtakes."""
    batch: list[tuple[str, str]] = []
    used = 0
    for user_id, body in pushes:
        size = len(body.encode())
        if batch and (len(batch) == BATCH or used + size > MAX_BODY_BYTES):
            yield batch
            batch, used = [], 0
        batch.append((user_id, body))
        used += size
    if batch:
        yield batch


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
