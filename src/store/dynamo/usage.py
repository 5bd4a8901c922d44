"""What a user has used: one row of the ConnectionsTable, in the partition of its connections.

So whoever reads the connections has read it too.
"""

from zlib import crc32

from bot.models import Spent
from store.dynamo.attributes import Item, number, string
from store.dynamo.table import ConditionFailed, Table

PREFIX = "#usage#"
"""How the row's range key begins: as no connection's id does, which are base64."""


class DynamoUsage:
    """That part of `bot.ports.ConnectionStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def spend(self, user_id: str, known: Spent, spent: Spent, expires_at: int) -> Spent | None:
        """See the port."""
        values = {
            ":allowance": number(spent.allowance),
            ":countedAt": {"N": f"{spent.counted_at:.3f}"},
            ":day": string(spent.day),
            ":tokens": number(spent.tokens),
            ":counted": string(" ".join(spent.counted)),
            ":expiresAt": number(expires_at),
        }
        condition = "attribute_not_exists(counted)"
        if known.counted:
            # The names say all: each is of one write.
            condition = "counted = :known"
            values[":known"] = string(" ".join(known.counted))
        try:
            self._table.update(
                {"userId": string(user_id), "connectionId": string(_row_id(user_id))},
                UpdateExpression="SET allowance = :allowance, countedAt = :countedAt, "
                "#day = :day, tokens = :tokens, counted = :counted, expiresAt = :expiresAt",
                ConditionExpression=condition,
                ExpressionAttributeNames={"#day": "day"},
                ExpressionAttributeValues=values,
            )
        except ConditionFailed as other:
            return spent_of(other.item) if other.item else Spent()
        return None


def is_usage(row: Item) -> bool:
    """Whether a row of the table is no connection's, but this."""
    row_id: str = row["connectionId"]["S"]
    return row_id.startswith(PREFIX)


def spent_of(row: Item) -> Spent:
    """What the row says."""
    return Spent(
        allowance=float(row["allowance"]["N"]),
        counted_at=float(row["countedAt"]["N"]),
        day=row["day"]["S"],
        tokens=int(row["tokens"]["N"]),
        counted=tuple(row["counted"]["S"].split()),
    )


def _row_id(user_id: str) -> str:
    # Not one name for all: it is the hash key of `connectionId-index`, and would be one hot
    # partition there.
    return f"{PREFIX}{crc32(user_id.encode()):08x}"
