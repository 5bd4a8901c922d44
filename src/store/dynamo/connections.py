"""The ConnectionsTable: one row for every WebSocket of every user, and one for what a user has used
(store/dynamo/usage.py), which is no connection."""

from contextlib import suppress
from datetime import datetime, timedelta
from math import inf
from zlib import crc32

from bot.limits import CONNECTION_LIFETIME
from bot.models import Connection, Present, Spent
from bot.wire.answers import timestamp
from store.dynamo.attributes import Item, number, string
from store.dynamo.table import ConditionFailed
from store.dynamo.usage import DynamoUsage, is_usage, spent_of

SHARDS = 10
"""Hash values that `lastSeen-index` spreads active and inactive rows over, each: two alone would
be two hot partitions, whose back-pressure slows the table's own writes."""

KEPT_AFTER_END = timedelta(hours=1)
"""How long DynamoDB keeps a row at least once its connection must have ended."""

BY_CONNECTION = "connectionId-index"


class DynamoConnectionStore(DynamoUsage):
    """`bot.ports.ConnectionStore` on DynamoDB."""

    def add(self, connection: Connection) -> None:
        """See the port."""
        # A duplicated invocation must not revive a row that has been deactivated since.
        with suppress(ConditionFailed):
            self._table.put(
                row_of(connection), ConditionExpression="attribute_not_exists(connectionId)"
            )

    def deactivate(self, user_id: str, connection_id: str, at: datetime) -> None:
        """See the port."""
        with suppress(ConditionFailed):
            self._table.update(
                row_key(user_id, connection_id),
                UpdateExpression="SET active = :inactive, lastSeen = :at, expiresAt = :expires",
                ConditionExpression="attribute_exists(connectionId) AND active <> :inactive",
                ExpressionAttributeValues={
                    ":inactive": activity_of(connection_id, active=False),
                    ":at": string(timestamp(at)),
                    ":expires": _expiry(at),
                },
            )

    def live(self, user_id: str, now: datetime) -> tuple[Connection, ...]:
        """See the port."""
        return self.present(user_id, now).connections

    def present(self, user_id: str, now: datetime) -> Present:
        """See the port."""
        rows, used = self._rows(user_id)
        live = tuple(connection_of(row) for row in rows if _is_live(row, now))
        return Present(live, spent_of(used) if used else Spent())

    def active(self, user_id: str) -> tuple[Connection, ...]:
        """See the port."""
        rows, _ = self._rows(user_id)
        return tuple(connection_of(row) for row in rows if is_active(row))

    def authorized_until(self, user_id: str, connection_id: str) -> float:
        """See the port."""
        return _authorized_until(self._table.get(row_key(user_id, connection_id)))

    def renew(self, user_id: str, connection_id: str, until: float) -> float:
        """See the port."""
        try:
            row = self._table.update(
                row_key(user_id, connection_id),
                UpdateExpression="SET authorizedUntil = :until",
                # No row, or one that names no end, compares as false. Whichever its shard is: it
                # may have opened when there were fewer.
                ConditionExpression="begins_with(active, :active) AND authorizedUntil < :until",
                ExpressionAttributeValues={
                    ":active": string("true#"),
                    ":until": number(int(until)),
                },
            )
        except ConditionFailed as failed:
            return _authorized_until(failed.item)
        return _authorized_until(row)

    def _rows(self, user_id: str) -> tuple[list[Item], Item | None]:
        """The rows of the user's connections, and the one that is none."""
        rows: list[Item] = []
        start: Item | None = None
        while True:
            page, start = self._table.query(
                KeyConditionExpression="userId = :user",
                ExpressionAttributeValues={":user": string(user_id)},
                **({"ExclusiveStartKey": start} if start else {}),
            )
            rows += page
            if start is None:
                break
        used = next((row for row in rows if is_usage(row)), None)
        return [row for row in rows if row is not used], used

    def user_of(self, connection_id: str) -> str | None:
        """See the port."""
        rows, _ = self._table.query_index(
            BY_CONNECTION,
            KeyConditionExpression="connectionId = :connection",
            ExpressionAttributeValues={":connection": string(connection_id)},
        )
        return rows[0]["userId"]["S"] if len(rows) == 1 else None


def row_key(user_id: str, connection_id: str) -> Item:
    """Where a connection's row is kept."""
    return {"userId": string(user_id), "connectionId": string(connection_id)}


def row_of(connection: Connection) -> Item:
    """The row that keeps a connection that opens."""
    return {
        **row_key(connection.user_id, connection.connection_id),
        "domainName": string(connection.domain_name),
        "stage": string(connection.stage),
        "active": activity_of(connection.connection_id, active=True),
        "connectedAt": string(timestamp(connection.connected_at)),
        "lastSeen": string(timestamp(connection.connected_at)),
        "expiresAt": _expiry(connection.connected_at + CONNECTION_LIFETIME),
        **_authority(connection.authorized_until),
    }


def activity(active: bool, shard: int) -> dict[str, str]:
    """What the rows of a shard have as `active`."""
    return string(f"{str(active).lower()}#{shard}")


def connection_of(row: Item) -> Connection:
    """The connection that a row keeps."""
    return Connection(
        user_id=row["userId"]["S"],
        connection_id=row["connectionId"]["S"],
        domain_name=row["domainName"]["S"],
        stage=row["stage"]["S"],
        connected_at=datetime.fromisoformat(row["connectedAt"]["S"]),
        authorized_until=float(row["authorizedUntil"]["N"]) if "authorizedUntil" in row else None,
    )


def activity_of(connection_id: str, *, active: bool) -> dict[str, str]:
    """What a connection's row has as `active`."""
    return activity(active, crc32(connection_id.encode()) % SHARDS)


def _expiry(end: datetime) -> dict[str, str]:
    return number(int((end + KEPT_AFTER_END).timestamp()))


def _authority(until: float | None) -> Item:
    return {} if until is None else {"authorizedUntil": number(int(until))}


def _authorized_until(row: Item | None) -> float:
    if row is None or not is_active(row):
        return 0
    return float(row["authorizedUntil"]["N"]) if "authorizedUntil" in row else inf


def is_active(row: Item) -> bool:
    """Whether a row's connection has not ended, so far as is known."""
    activity: str = row.get("active", {}).get("S", "")
    return activity.startswith("true")


def _is_live(row: Item, now: datetime) -> bool:
    ends = min(float(row["expiresAt"]["N"]), _authorized_until(row))
    return is_active(row) and ends > now.timestamp()
