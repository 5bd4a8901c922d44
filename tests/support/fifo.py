"""A FIFO queue and the Lambda that polls it, which delivers as badly as SQS is allowed to."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.support.push_events import sqs, sqs_record

BATCH = 10


@dataclass
class _Waiting:
    """A message; `absent` counts the polls until it is seen again."""

    number: int
    group: str
    message: Any
    absent: int = 0
    received: int = 0


class FifoQueue:
    """Keeps the order of each group: none is given out while an earlier one of its group is away.

    Whatever a batch's function says, its answer may be lost; then all of it comes again.
    """

    def __init__(self, chance: Random, lost: float = 0.15) -> None:
        self._chance = chance
        self._lost = lost
        self._waiting: list[_Waiting] = []
        self._numbers = 0
        self.redelivered = 0

    def send(self, group: str, message: Any) -> None:
        """Take a message."""
        self._numbers += 1
        self._waiting.append(_Waiting(self._numbers, group, message))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left, delivered or not."""
        return not self._waiting

    def poll(self, invoke: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
        """Hand one batch to the function. None: it died, or its answer never came."""
        batch = self._receive()
        if not batch:
            return
        records = [
            sqs_record(each.number, each.message, each.group, each.received) for each in batch
        ]
        self.redelivered += sum(each.received > 1 for each in batch)
        answer = invoke(sqs(*records))
        if answer is None or self._chance.random() < self._lost:
            return
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        done = {each.number for each in batch if f"message-{each.number}" not in failed}
        self._waiting = [each for each in self._waiting if each.number not in done]

    def _receive(self) -> list[_Waiting]:
        for each in self._waiting:
            each.absent = max(each.absent - 1, 0)
        blocked = {each.group for each in self._waiting if each.absent}
        batch: list[_Waiting] = []
        size = self._chance.randint(1, BATCH)
        skipped: set[str] = set()
        for each in self._waiting:
            # Which groups a poll finds is SQS's business; within one it begins with the first.
            if each.group not in skipped and self._chance.random() < 0.3:
                skipped.add(each.group)
            if each.group in blocked | skipped:
                skipped.add(each.group)
                continue
            each.absent, each.received = self._chance.randint(1, 4), each.received + 1
            batch.append(each)
            if len(batch) == size:
                break
        return batch
