"""What is done of each broadcast, in the SessionsTable: one small item a step, by nobody's user."""

from datetime import datetime, timedelta

from bot.push.broadcast_steps import Done
from bot.wire.answers import timestamp
from store.dynamo.attributes import Item, number, string
from store.dynamo.table import Table

KEPT = timedelta(days=30)

PARTITION = "#broadcast#"
"""No user's id begins so: theirs begin with `user:` or `guest:`."""


class DynamoBroadcastLog:
    """`bot.push.ports.BroadcastLog` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def is_done(self, broadcast_id: str, number: int) -> bool:
        """See the port."""
        return self._table.get(_key(broadcast_id, number)) is not None

    def note(self, broadcast_id: str, done: Done) -> None:
        """See the port."""
        self._table.put(
            {
                **_key(broadcast_id, done.number),
                "users": number(done.users),
                "createdAt": string(timestamp(done.at)),
                "expiresAt": number(int((done.at + KEPT).timestamp())),
                **({} if done.of is None else {"steps": number(done.of)}),
                **({"last": {"BOOL": True}} if done.last else {}),
            }
        )

    def done(self, broadcast_id: str) -> list[Done]:
        """See the port."""
        found: list[Done] = []
        start: Item | None = None
        while True:
            page, start = self._table.query(
                KeyConditionExpression="userId = :broadcast",
                ExpressionAttributeValues={":broadcast": string(PARTITION + broadcast_id)},
                **({"ExclusiveStartKey": start} if start else {}),
            )
            found += map(_done, page)
            if start is None:
                return found


def _key(broadcast_id: str, number: int) -> Item:
    return {"userId": string(PARTITION + broadcast_id), "itemId": string(f"step#{number:010d}")}


def _done(item: Item) -> Done:
    return Done(
        number=int(item["itemId"]["S"].partition("#")[2]),
        users=int(item["users"]["N"]),
        at=datetime.fromisoformat(item["createdAt"]["S"]),
        of=int(item["steps"]["N"]) if "steps" in item else None,
        last="last" in item,
    )
