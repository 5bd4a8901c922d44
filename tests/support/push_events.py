"""What the sources of pushes give a function, in the shapes that AWS documents."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.clock import START
from tests.support.turns import ANA

QUEUE = "arn:aws:sqs:us-east-1:123456789012:push.fifo"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/push"
CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/push/6cc0432b-8618-4f44-bccc-e1fbd8fb7c4d-2"
NOW = int(START.timestamp() * 1000)

Event = dict[str, Any]


def told(text: str, user_id: str = ANA, **fields: Any) -> Event:
    """A message without an id of its own."""
    return {"userId": user_id, "text": text, **fields}


def written(message: Any) -> str:
    """A message as it is sent; a string as it is."""
    return message if isinstance(message, str) else json.dumps(message)


def sqs_record(number: int, message: Any, group: str = ANA, received: int = 1) -> Event:
    """One message of the FIFO queue; `number` is its place."""
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": written(message),
        "attributes": {
            "ApproximateReceiveCount": str(received),
            "SentTimestamp": str(NOW),
            "SequenceNumber": str(18849496460467696128 + number),
            "MessageGroupId": group,
            "SenderId": "AIDAIO23YVJENQZJOL4VO",
            "MessageDeduplicationId": str(number),
            "ApproximateFirstReceiveTimestamp": str(NOW),
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": "us-east-1",
    }


def sqs(*records: Event) -> Event:
    """A batch of the queue."""
    return {"Records": list(records)}


def encoded(message: Any) -> str:
    """A message as streams and topics carry it."""
    content = message if isinstance(message, bytes) else written(message).encode()
    return base64.b64encode(content).decode()


SEQUENCE = 49590338271490256608559692538361571095921575989136588898


def kinesis(messages: Iterable[Any], first: int = 0, shard: str = "shardId-000000000006") -> Event:
    """A batch of one shard."""
    records = []
    for number, message in enumerate(messages, start=first):
        sequence = str(SEQUENCE + number)
        records.append(
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "1",
                    "sequenceNumber": sequence,
                    "data": encoded(message),
                    "approximateArrivalTimestamp": START.timestamp(),
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard}:{sequence}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
                "awsRegion": "us-east-1",
                "eventSourceARN": STREAM,
            }
        )
    return {"Records": records}


def kafka(
    partitions: Mapping[int, Iterable[Any]], first: int = 0, cluster: str | None = CLUSTER
) -> Event:
    """A batch of some partitions of a topic; without a cluster, of a self-managed Kafka."""
    records = {
        f"parley.push-{partition}": [
            {
                "topic": "parley.push",
                "partition": partition,
                "offset": offset,
                "timestamp": NOW,
                "timestampType": "CREATE_TIME",
                **({} if message is None else {"value": encoded(message)}),
                "headers": [],
            }
            for offset, message in enumerate(messages, start=first)
        ]
        for partition, messages in partitions.items()
    }
    named = {"eventSourceArn": cluster} if cluster else {}
    return {
        "eventSource": "aws:kafka" if cluster else "SelfManagedKafka",
        **named,
        "bootstrapServers": "b-2.example:9092,b-1.example:9092",
        "records": records,
    }


def of_event_bus(detail: Event, event_id: str = "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa") -> Event:
    """An event of EventBridge."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "parley.push",
        "source": "shop",
        "account": "123456789012",
        "time": "2026-03-01T12:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }
