"""The SessionsTable: conversations kept one turn at a time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any

from bot.answers import timestamp
from bot.epochs import birth
from bot.models import Conversation, ConversationKey, Rating, Status, Turn
from bot.ports import Page
from store import keys
from store.attributes import Item, number, string
from store.items import conversation_item, conversation_of, turn_item, turn_of
from store.table import ConditionFailed, Table

SAME_EPOCH = "epoch = :epoch"
PARALLEL_WRITES = 8


class DynamoConversationStore:
    """`bot.ports.ConversationStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def newest(self, key: ConversationKey, limit: int) -> Page:
        """See the port."""
        return self._turns(key, keys.first_turn_id(key), keys.last_turn_id(key), limit, False)

    def preceding(self, key: ConversationKey, before: int, limit: int) -> Page:
        """See the port."""
        last = keys.turn_id(key, before - 1)
        return self._turns(key, keys.first_turn_id(key), last, limit, False)

    def following(self, key: ConversationKey, after: int, limit: int) -> Page:
        """See the port."""
        first = keys.turn_id(key, after + 1)
        return self._turns(key, first, keys.last_turn_id(key), limit, True)

    def turn(self, key: ConversationKey, seq: int) -> Turn | None:
        """See the port."""
        item = self._table.get(_turn_key(key, seq))
        return turn_of(item) if item else None

    def append(self, key: ConversationKey, turn: Turn) -> Turn | None:
        """See the port."""
        try:
            self._table.put(
                turn_item(key, turn),
                ConditionExpression=(
                    "attribute_not_exists(itemId) OR "
                    "(#status = :deleted AND attribute_exists(completedAt) AND epoch < :birth)"
                ),
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":deleted": string(Status.DELETED),
                    ":birth": string(birth(turn.epoch)),
                },
            )
        except ConditionFailed as lost:
            # An engine that does not say who won is asked.
            return turn_of(lost.item) if lost.item else self.turn(key, turn.seq)
        return None

    def rate(self, key: ConversationKey, turn: Turn, rating: Rating | None) -> Turn | None:
        """See the port."""
        change = "SET feedback = :rating" if rating else "REMOVE feedback"
        values = {":epoch": string(turn.epoch), ":deleted": string(Status.DELETED)}
        if rating:
            values[":rating"] = string(rating)
        try:
            rated = self._table.update(
                _turn_key(key, turn.seq),
                UpdateExpression=change,
                ConditionExpression=f"{SAME_EPOCH} AND #status <> :deleted",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=values,
            )
        except ConditionFailed:
            return None
        return turn_of(rated)

    def erase(self, key: ConversationKey, turns: Sequence[Turn]) -> None:
        """See the port."""

        def erase_one(turn: Turn) -> None:
            self._table.delete(
                _turn_key(key, turn.seq),
                ConditionExpression=SAME_EPOCH,
                ExpressionAttributeValues={":epoch": string(turn.epoch)},
            )

        _each(erase_one, turns)

    def bury(
        self, key: ConversationKey, turns: Sequence[Turn], at: datetime, expires_at: int
    ) -> None:
        """See the port."""

        def bury_one(turn: Turn) -> None:
            self._table.update(
                _turn_key(key, turn.seq),
                UpdateExpression=(
                    "SET #status = :deleted, completedAt = :at, expiresAt = :expires, "
                    "messageId = :nothing REMOVE #text, reply, #state, packed, feedback"
                ),
                ConditionExpression=SAME_EPOCH,
                ExpressionAttributeNames={
                    "#status": "status",
                    "#text": "text",
                    "#state": "state",
                },
                ExpressionAttributeValues={
                    ":deleted": string(Status.DELETED),
                    ":at": string(timestamp(at)),
                    ":expires": number(expires_at),
                    ":nothing": string(""),
                    ":epoch": string(turn.epoch),
                },
            )

        _each(bury_one, turns)

    def conversation(self, key: ConversationKey) -> Conversation | None:
        """See the port."""
        item = self._table.get(_conversation_key(key))
        return conversation_of(item) if item else None

    def conversations(
        self, user_id: str, after: str | None, limit: int
    ) -> tuple[tuple[Conversation, ...], str | None]:
        """See the port."""
        start: dict[str, Any] = {}
        if after is not None:
            start["ExclusiveStartKey"] = _conversation_key(ConversationKey(user_id, after))
        items, following = self._table.query(
            KeyConditionExpression="userId = :user AND begins_with(itemId, :prefix)",
            ExpressionAttributeValues={
                ":user": string(user_id),
                ":prefix": string(keys.CONVERSATION),
            },
            Limit=limit,
            **start,
        )
        cursor = keys.conversation_id_of(following["itemId"]["S"]) if following else None
        return tuple(conversation_of(item) for item in items), cursor

    def note_conversation(
        self, key: ConversationKey, conversation: Conversation, expires_at: int
    ) -> None:
        """See the port."""
        self._describe(key, conversation, expires_at, "updatedAt = :updatedAt", "title", "#read")

    def rename_conversation(
        self, key: ConversationKey, conversation: Conversation, expires_at: int
    ) -> Conversation:
        """See the port."""
        return self._describe(key, conversation, expires_at, "title = :title", "updatedAt", "#read")

    def move_cursor(
        self, key: ConversationKey, conversation: Conversation, expires_at: int
    ) -> Conversation:
        """See the port."""
        return self._describe(
            key,
            conversation,
            expires_at,
            "#read = :read",
            "title",
            "updatedAt",
            only_if=" AND #read < :read",
        )

    def forget_conversation(self, key: ConversationKey, epoch: str) -> None:
        """See the port."""
        with suppress(ConditionFailed):
            self._table.delete(
                _conversation_key(key),
                ConditionExpression=SAME_EPOCH,
                ExpressionAttributeValues={":epoch": string(epoch)},
            )

    def _describe(
        self,
        key: ConversationKey,
        conversation: Conversation,
        expires_at: int,
        change: str,
        *kept: str,
        only_if: str = "",
    ) -> Conversation:
        """Make `change`; write all of it where there is nothing yet, or an earlier epoch's."""
        whole = conversation_item(key, conversation, expires_at)
        keep = ", ".join(
            f"{name} = if_not_exists({name}, :{name.lstrip('#')})" for name in ("createdAt", *kept)
        )
        try:
            changed = self._table.update(
                _conversation_key(key),
                UpdateExpression=f"SET {change}, {keep}, epoch = :epoch, expiresAt = :expiresAt",
                ConditionExpression=f"attribute_not_exists(itemId) OR ({SAME_EPOCH}{only_if})",
                ExpressionAttributeNames={"#read": "read"},
                ExpressionAttributeValues={
                    f":{name}": value
                    for name, value in whole.items()
                    if name not in ("userId", "itemId")
                },
            )
        except ConditionFailed as other:
            return self._replace_earlier(whole, other.item)
        return conversation_of(changed)

    def _replace_earlier(self, whole: Item, found: Item | None) -> Conversation:
        """Write `whole` over an earlier epoch's item; how it is now."""
        try:
            self._table.put(
                whole,
                ConditionExpression="attribute_not_exists(itemId) OR epoch < :birth",
                ExpressionAttributeValues={":birth": string(birth(whole["epoch"]["S"]))},
            )
        except ConditionFailed as kept:
            return conversation_of(kept.item or found or whole)
        return conversation_of(whole)

    def _turns(
        self, key: ConversationKey, first: str, last: str, limit: int, ascending: bool
    ) -> Page:
        items, following = self._table.query(
            KeyConditionExpression="userId = :user AND itemId BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":user": string(key.user_id),
                ":first": string(first),
                ":last": string(last),
            },
            ScanIndexForward=ascending,
            Limit=limit,
        )
        return Page(tuple(turn_of(item) for item in items), exhausted=following is None)


def _each(write: Callable[[Turn], None], turns: Sequence[Turn]) -> None:
    """Write to all the turns, several at a time, passing over those of another epoch."""

    def attempt(turn: Turn) -> None:
        with suppress(ConditionFailed):
            write(turn)

    if len(turns) <= 1:
        for turn in turns:
            attempt(turn)
        return
    with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
        list(pool.map(attempt, turns))


def _turn_key(key: ConversationKey, seq: int) -> Item:
    return {"userId": string(key.user_id), "itemId": string(keys.turn_id(key, seq))}


def _conversation_key(key: ConversationKey) -> Item:
    return {
        "userId": string(key.user_id),
        "itemId": string(keys.conversation_item_id(key.conversation_id)),
    }
