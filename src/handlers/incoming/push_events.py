"""What the sources of pushes give a function, and how each wants to be answered.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
"""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from bot.errors import BadRequest
from bot.models import Position
from bot.push import pushes

Event = dict[str, Any]


class GivenBack(Enum):
    """How a source is told what has to come again."""

    EACH = auto()
    """SQS: every message that is not done is named."""
    FIRST = auto()
    """Kinesis: from the first that is named, all come again."""
    ALL = auto()
    """Kafka: the whole batch, by an error. It can name parts only where its pollers are paid for.
    https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html"""


@dataclass(frozen=True, slots=True)
class Record:
    """One message as its source has it. `lane` is what keeps its order: nothing of it may overtake
    another. `name` is how the source calls it; `sent_at` is in milliseconds since 1970. `group` is
    what goes with it into a queue that keeps an order. `left_at` is where it can be read again once
    it was taken; nowhere, of a queue."""

    name: str
    lane: str
    position: Position | None
    sent_at: int
    encoded: str | None
    group: str = ""
    is_base64: bool = True
    left_at: str = ""
    receipt: str = ""
    received: int = 1

    @property
    def unique_name(self) -> str:
        """Its name among the messages of all sources."""
        if self.position is None:
            return self.name
        return f"{self.position.source}:{self.position.number}"

    @property
    def shown(self) -> str:
        """What was sent, as far as it can be put into a queue."""
        try:
            return self.body
        except BadRequest:
            return self.encoded or ""

    @property
    def body(self) -> str:
        """What was sent. Raises BadRequest where it is no text."""
        if self.encoded is None:
            raise BadRequest(pushes.NO_OBJECT)
        if not self.is_base64:
            return self.encoded
        try:
            return base64.b64decode(self.encoded, validate=True).decode()
        except ValueError:
            raise BadRequest("A push is text in UTF-8.") from None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one event of a source brings, in its order."""

    given_back: GivenBack
    records: tuple[Record, ...]


def batch_of(event: Event) -> Batch | None:
    """The batch that an event is; None where it is none."""
    records = event.get("Records")
    source = event.get("eventSource")
    if isinstance(records, list) and records:
        source = records[0].get("eventSource")
    if source == "aws:sqs":
        return Batch(GivenBack.EACH, tuple(map(_of_sqs, event["Records"])))
    if source == "aws:kinesis":
        return Batch(GivenBack.FIRST, tuple(map(_of_kinesis, event["Records"])))
    if source in ("aws:kafka", "SelfManagedKafka"):
        return Batch(GivenBack.ALL, tuple(_of_kafka(event)))
    return None


def is_of_event_bus(event: Event) -> bool:
    """Whether EventBridge sends it."""
    return "detail-type" in event and isinstance(event.get("detail"), dict)


def sent_at(event: Event) -> float | None:
    """When EventBridge was given an event, in milliseconds since 1970, to the second; None where it
    does not say."""
    with suppress(KeyError, TypeError, ValueError):
        return datetime.fromisoformat(event["time"]).timestamp() * 1000
    return None


def _of_sqs(record: Event) -> Record:
    attributes = record["attributes"]
    group, number = attributes.get("MessageGroupId", ""), attributes.get("SequenceNumber")
    # Only within one group do the numbers of a queue keep its order.
    source = _source("sqs", record["eventSourceARN"], group)
    return Record(
        name=record["messageId"],
        lane=group,
        position=Position(source, int(number)) if number else None,
        sent_at=int(attributes["SentTimestamp"]),
        encoded=record["body"],
        group=group,
        is_base64=False,
        receipt=record["receiptHandle"],
        received=int(attributes["ApproximateReceiveCount"]),
    )


def _of_kinesis(record: Event) -> Record:
    shard = record["eventID"].partition(":")[0]
    kinesis = record["kinesis"]
    number = kinesis["sequenceNumber"]
    source = _source("kinesis", record["eventSourceARN"], shard)
    return Record(
        name=number,
        lane=shard,
        group=source,
        position=Position(source, int(number)),
        sent_at=int(kinesis["approximateArrivalTimestamp"] * 1000),
        encoded=kinesis["data"],
        left_at=record["eventID"],
    )


def _of_kafka(event: Event) -> Iterator[Record]:
    # A topic that another cluster has counts from 0 again, so the cluster is part of the name.
    brokers = ",".join(sorted(event.get("bootstrapServers", "").split(",")))
    cluster = event.get("eventSourceArn") or brokers
    for lane, records in event["records"].items():
        source = _source("kafka", cluster, lane)
        for record in records:
            name = f"{lane}-{record['offset']}"
            yield Record(
                name=name,
                lane=lane,
                group=source,
                position=Position(source, int(record["offset"])),
                sent_at=int(record["timestamp"]),
                encoded=record.get("value"),
                left_at=name,
            )


def _source(kind: str, *place: str) -> str:
    """A short name of a source: every turn of a conversation carries it on."""
    return f"{kind}:{hashlib.sha256(chr(10).join(place).encode()).hexdigest()[:12]}"
