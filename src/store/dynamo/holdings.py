"""A user's partitions of both tables, read as they are."""

from bot.user_data.holdings import Held, Place, Shelf, Shown
from store.dynamo.attributes import Item, string
from store.dynamo.held import held_of
from store.dynamo.table import Table

RANGE_KEYS = {Shelf.CONNECTIONS: "connectionId", Shelf.SESSIONS: "itemId"}
SHELVES = list(Shelf)


class DynamoHoldings:
    """`bot.user_data.ports.Holdings` on DynamoDB."""

    def __init__(self, connections: Table, sessions: Table) -> None:
        self._tables = {Shelf.CONNECTIONS: connections, Shelf.SESSIONS: sessions}

    def behind(self, user_id: str, place: Place, limit: int) -> Shown:
        """See the port."""
        condition, values = "userId = :user", {":user": string(user_id)}
        names: dict[str, dict[str, str]] = {}
        if place.name:
            # By condition and not by start key: what lay there may be gone.
            condition += " AND #range > :name"
            values[":name"] = string(place.name)
            names["ExpressionAttributeNames"] = {"#range": RANGE_KEYS[place.shelf]}
        items, following = self._tables[place.shelf].query(
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            Limit=limit,
            **names,
        )
        things = [held_of(_place(place.shelf, item), item) for item in items]
        return Shown(things, _next(place.shelf, things, more=following is not None))

    def remove(self, user_id: str, place: Place) -> None:
        """See the port."""
        key: Item = {"userId": string(user_id), RANGE_KEYS[place.shelf]: string(place.name)}
        self._tables[place.shelf].delete(key)


def _place(shelf: Shelf, item: Item) -> Place:
    return Place(shelf, item[RANGE_KEYS[shelf]]["S"])


def _next(shelf: Shelf, things: list[Held], *, more: bool) -> Place | None:
    if more:
        return things[-1].place
    rest = SHELVES[SHELVES.index(shelf) + 1 :]
    return Place(rest[0]) if rest else None
