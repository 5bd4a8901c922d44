"""The queues around pushes: where what cannot be pushed goes, and what has to wait.

Every method raises StoreUnavailable where SQS does not answer: the message comes again then.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import StoreUnavailable

MAX_BODY_BYTES = 250_000
"""Of a message that no queue would refuse, whenever it was made: SQS took 256 KB before it took
1 MB. https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb
"""

_GROUP = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")
"""What SQS takes as a group or a deduplication id.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


_TEXT = re.compile(r"[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]+")


def fit_for_sqs(name: str) -> str:
    """The name as a group of a FIFO queue: itself, or its SHA-256 where SQS would refuse it."""
    return name if _GROUP.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()


class PushQueues:
    """`queue` is what pushes come from, `dead_letters` where those go that never will be turns.

    The client is made at its first use: most invocations need none.
    """

    def __init__(self, client: Callable[[], Any], queue: str, dead_letters: str) -> None:
        self._make_client = client
        self._queue = queue
        self._dead_letters = dead_letters
        self._client: Any = None

    def bury(self, body: str, group: str, name: str, reason: str, left_at: str = "") -> None:
        """Put a message aside, with the reason. `name` is the same whenever it is the same one.

        What is too large for some queue, and stays where it came from (`left_at`), is not copied.
        """
        body = _fit(body)
        if left_at and len(body.encode()) > MAX_BODY_BYTES:
            body = json.dumps({"leftAt": left_at, "bytes": len(body.encode())})
        attribute = {"DataType": "String", "StringValue": reason}
        self._send(self._dead_letters, body, group, name, {"reason": attribute})

    def put(self, body: str, group: str, name: str) -> None:
        """Have a message wait in the queue for its turn."""
        self._send(self._queue, body, group, name, {})

    def come_again(self, receipts: Mapping[str, int]) -> None:
        """Let messages that are given back come again after so many seconds: at most ten."""
        entries = [
            {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
            for number, (receipt, seconds) in enumerate(receipts.items())
        ]
        self._call("change_message_visibility_batch", QueueUrl=self._queue, Entries=entries)

    def _send(
        self, queue: str, body: str, group: str, name: str, attributes: Mapping[str, Any]
    ) -> None:
        self._call(
            "send_message",
            QueueUrl=queue,
            MessageBody=_fit(body),
            MessageGroupId=fit_for_sqs(group),
            MessageDeduplicationId=fit_for_sqs(name),
            MessageAttributes=attributes,
        )

    def _call(self, operation: str, **request: Any) -> None:
        try:
            self._client = self._client or self._make_client()
            getattr(self._client, operation)(**request)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable("The queue cannot be reached now.") from error


def _fit(body: str) -> str:
    """The text as SQS takes it, which is none that is empty, and not every control character."""
    return body if _TEXT.fullmatch(body) else json.dumps(body)
