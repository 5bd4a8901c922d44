"""What a list of conversations shows: one item of the SessionsTable each."""

from contextlib import suppress
from typing import Any

from bot.models import Conversation, ConversationKey
from bot.turn_log.epochs import birth
from store.dynamo import keys
from store.dynamo.attributes import Item, string
from store.dynamo.items import SAME_EPOCH, conversation_item, conversation_of
from store.dynamo.table import ConditionFailed, Table


class DynamoConversationList:
    """`bot.ports.ConversationList` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

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


def _conversation_key(key: ConversationKey) -> Item:
    return {
        "userId": string(key.user_id),
        "itemId": string(keys.conversation_item_id(key.conversation_id)),
    }
