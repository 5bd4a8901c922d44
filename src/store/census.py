"""Rows of the ConnectionsTable by when they were last seen: what the cleaner goes through."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.answers import timestamp
from bot.models import Connection, Sighting
from bot.ports import Part
from store.attributes import Item, string
from store.connections import SHARDS, activity, activity_of, connection_of, is_active, row_key
from store.table import ConditionFailed, Table

BY_LAST_SEEN = "lastSeen-index"

PAGE = 500
"""Rows a request: some 100 KB, and few enough to be treated soon."""

UNCHANGED = "active = :active AND lastSeen = :seen"
"""The condition of whatever may only touch a row that still is as it was sighted."""


class DynamoConnectionCensus:
    """`bot.ports.ConnectionCensus` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def parts(self) -> Sequence[Part]:
        """See the port."""
        return [(active, shard) for active in (False, True) for shard in range(SHARDS)]

    def unseen(self, part: Part, since: datetime) -> Iterator[Sequence[Sighting]]:
        """See the port."""
        start: Item | None = None
        while True:
            page, start = self._table.query_index(
                BY_LAST_SEEN,
                KeyConditionExpression="active = :active AND lastSeen < :since",
                ExpressionAttributeValues={
                    ":active": activity(*part),
                    ":since": string(timestamp(since)),
                },
                Limit=PAGE,
                **({"ExclusiveStartKey": start} if start else {}),
            )
            yield [_sighting(row) for row in page]
            if start is None:
                return

    def row(self, sighting: Sighting) -> Connection | None:
        """See the port."""
        row = self._table.get(row_key(sighting.user_id, sighting.connection_id))
        return connection_of(row) if row and _sighting(row) == sighting else None

    def see(self, sighting: Sighting, at: datetime) -> bool:
        """See the port."""
        try:
            self._table.update(
                row_key(sighting.user_id, sighting.connection_id),
                UpdateExpression="SET lastSeen = :at",
                ConditionExpression=UNCHANGED,
                ExpressionAttributeValues={**_values(sighting), ":at": string(timestamp(at))},
            )
        except ConditionFailed:
            return False
        return True

    def remove(self, sighting: Sighting) -> bool:
        """See the port."""
        try:
            self._table.delete(
                row_key(sighting.user_id, sighting.connection_id),
                ConditionExpression=UNCHANGED,
                ExpressionAttributeValues=_values(sighting),
            )
        except ConditionFailed:
            return False
        return True


def _values(sighting: Sighting) -> Item:
    return {
        ":active": activity_of(sighting.connection_id, active=sighting.active),
        ":seen": string(timestamp(sighting.seen_at)),
    }


def _sighting(row: Item) -> Sighting:
    return Sighting(
        user_id=row["userId"]["S"],
        connection_id=row["connectionId"]["S"],
        active=is_active(row),
        seen_at=datetime.fromisoformat(row["lastSeen"]["S"]),
    )
