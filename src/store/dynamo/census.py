"""Rows of the ConnectionsTable by when they were last seen: what the cleaner goes through."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from bot.connections.ports import Part
from bot.models import Connection, Sighting
from bot.wire.answers import timestamp
from store.dynamo.attributes import Item, string
from store.dynamo.connections import (
    SHARDS,
    activity,
    activity_of,
    connection_of,
    is_active,
    row_key,
)
from store.dynamo.table import ConditionFailed, Table

BY_LAST_SEEN = "lastSeen-index"

PAGE = 500
"""Rows a request: some 100 KB, and few enough to be treated soon."""

LONG_AGO = datetime.fromtimestamp(0, UTC)

UNCHANGED = "active = :active AND lastSeen = :seen"
"""The condition of whatever may only touch a row that still is as it was sighted."""


class DynamoConnectionCensus:
    """`bot.connections.ports.ConnectionCensus` on DynamoDB."""

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
        return _connection(row, sighting) if row and _sighting(row) == sighting else None

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
    if sighting.kept_as:
        active, seen = map(string, sighting.kept_as)
    else:
        active = activity_of(sighting.connection_id, active=sighting.active)
        seen = string(timestamp(sighting.seen_at))
    return {":active": active, ":seen": seen}


def _sighting(row: Item) -> Sighting:
    """What a row of the index says, whoever wrote it: one that cannot be read must not keep the
    cleaner from all behind it. Its shard may be of when there were more or fewer."""
    sighting = Sighting(
        user_id=row["userId"]["S"],
        connection_id=row["connectionId"]["S"],
        active=is_active(row),
        seen_at=_moment(row["lastSeen"]["S"]),
    )
    kept_as = {":active": row["active"], ":seen": row["lastSeen"]}
    if kept_as == _values(sighting):
        return sighting
    return replace(sighting, kept_as=(row["active"]["S"], row["lastSeen"]["S"]))


def _connection(row: Item, sighting: Sighting) -> Connection:
    """The connection that a row keeps; of a row that lacks something, what is certain of it: it had
    opened when it was seen."""
    with suppress(KeyError, ValueError):
        connection = connection_of(row)
        if connection.connected_at.tzinfo:
            return connection
    return Connection(
        sighting.user_id,
        sighting.connection_id,
        domain_name="",
        stage="",
        connected_at=sighting.seen_at,
        authorized_until=None,
    )


def _moment(text: str) -> datetime:
    """When that was; long ago where it says nothing."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return LONG_AGO
