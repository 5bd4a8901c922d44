"""Whose connections there are: what a broadcast to all who are active walks over."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.connections.ports import Part
from bot.wire.answers import timestamp
from store.dynamo.attributes import string
from store.dynamo.census import BY_LAST_SEEN
from store.dynamo.connections import SHARDS, activity
from store.dynamo.table import Table


class DynamoRoll:
    """`bot.push.ports.Roll` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def parts(self) -> Sequence[Part]:
        """See the port."""
        return [(active, shard) for active in (False, True) for shard in range(SHARDS)]

    def seen(
        self, part: Part, since: datetime | None, start: str | None, limit: int
    ) -> tuple[Sequence[str], str | None]:
        """See the port."""
        page, last = self._table.query_index(
            BY_LAST_SEEN,
            KeyConditionExpression="active = :active AND lastSeen >= :since",
            ExpressionAttributeValues={
                ":active": activity(*part),
                ":since": string(timestamp(since) if since else "0"),
            },
            Limit=limit,
            **({"ExclusiveStartKey": json.loads(start)} if start else {}),
        )
        return [row["userId"]["S"] for row in page], json.dumps(last) if last else None
