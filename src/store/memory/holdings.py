"""What the stores in memory hold of a user, told as the items that the tables would hold."""

from collections.abc import Iterator

from bot.models import ConversationKey, Spent
from bot.user_data.holdings import Place, Shelf, Shown
from store.dynamo import keys
from store.dynamo.attributes import Item, number, string
from store.dynamo.connections import activity_of, row_of
from store.dynamo.held import held_of
from store.dynamo.items import conversation_item, turn_item
from store.dynamo.usage import PREFIX
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore


class MemoryHoldings:
    """`bot.user_data.ports.Holdings` without a table.

    `others` are things of kinds that nobody knows.
    """

    def __init__(
        self, connections: MemoryConnectionStore, conversations: MemoryConversationStore
    ) -> None:
        self._connections = connections
        self._conversations = conversations
        self.others: dict[tuple[str, Place], Item] = {}

    def behind(self, user_id: str, place: Place, limit: int) -> Shown:
        """See the port."""
        items = {each: item for (user, each), item in self.others.items() if user == user_id}
        items |= dict([*self._rows(user_id), *self._items(user_id)])
        shelves = list(Shelf)
        order = {each: (shelves.index(each.shelf), each.name) for each in (*items, place)}
        places = sorted(
            (each for each in items if order[each] > order[place]), key=order.__getitem__
        )
        things = [held_of(each, items[each]) for each in places[:limit]]
        return Shown(things, places[limit - 1] if len(places) > limit else None)

    def remove(self, user_id: str, place: Place) -> None:
        """See the port."""
        self.others.pop((user_id, place), None)
        if place.shelf is not Shelf.CONNECTIONS:
            return
        with self._connections._lock:
            self._connections._rows.pop((user_id, place.name), None)
            if place.name == PREFIX:
                self._connections._spent.pop(user_id, None)

    def _rows(self, user_id: str) -> Iterator[tuple[Place, Item]]:
        with self._connections._lock:
            rows = [row for (user, _), row in self._connections._rows.items() if user == user_id]
            spent = self._connections._spent.get(user_id)
        for connection, active in rows:
            name = connection.connection_id
            row = {**row_of(connection), "active": activity_of(name, active=active)}
            yield Place(Shelf.CONNECTIONS, name), row
        if spent:
            yield Place(Shelf.CONNECTIONS, PREFIX), _usage(spent)

    def _items(self, user_id: str) -> Iterator[tuple[Place, Item]]:
        with self._conversations._lock:
            turns = [
                (key, turn)
                for key, log in self._conversations._turns.items()
                for turn in log.values()
            ]
            listed = dict(self._conversations._conversations)
            forks = {key: set(each) for key, each in self._conversations._forks.items()}
        items = [turn_item(key, turn) for key, turn in turns if key.user_id == user_id]
        items += [
            conversation_item(key, each, 0)
            for key, each in listed.items()
            if key.user_id == user_id
        ]
        for key, names in forks.items():
            if key.user_id == user_id:
                items += [
                    {"itemId": string(keys.fork_id(key, ConversationKey(user_id, each)))}
                    for each in names
                ]
        for item in items:
            yield Place(Shelf.SESSIONS, item["itemId"]["S"]), item


def _usage(spent: Spent) -> Item:
    return {
        "connectionId": string(PREFIX),
        "allowance": number(spent.allowance),
        "day": string(spent.day),
        "tokens": number(spent.tokens),
        "counted": string(" ".join(spent.counted)),
    }
