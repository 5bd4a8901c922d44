"""How a sealed conversation goes to another user: transactions that hold while its seal does."""

from collections.abc import Sequence
from typing import Any

from bot.models import Conversation, ConversationKey, Status, Turn
from store.dynamo import keys
from store.dynamo.attributes import string
from store.dynamo.items import SAME_EPOCH, conversation_item, turn_item, turn_key
from store.dynamo.table import ConditionFailed, Table


class DynamoMoves:
    """`bot.ports.Moves` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def next_conversation(self, user_id: str, after: str | None) -> str | None:
        """See the port."""
        first, last = keys.turns_after(after)
        items, _ = self._table.query(
            KeyConditionExpression="userId = :user AND itemId BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":user": string(user_id),
                ":first": string(first),
                ":last": string(last),
            },
            Limit=1,
        )
        return keys.conversation_of_turn(items[0]["itemId"]["S"]) if items else None

    def copy(self, key: ConversationKey, seal: Turn, turns: Sequence[Turn]) -> bool:
        """See the port."""
        target = _target(seal)
        puts = [("Put", {"Item": turn_item(target, turn)}) for turn in turns]
        return self._while_it_stands([("ConditionCheck", _standing(key, seal)), *puts])

    def hand_over(
        self, key: ConversationKey, seal: Turn, conversation: Conversation | None, expires_at: int
    ) -> bool:
        """See the port."""
        ending = _standing(key, seal)
        ending["UpdateExpression"] = "SET #status = :deleted"
        ending["ExpressionAttributeValues"][":deleted"] = string(Status.DELETED)
        writes = [("Update", ending)]
        if conversation:
            entry = conversation_item(_target(seal), conversation, expires_at)
            writes.append(("Put", {"Item": entry}))
        return self._while_it_stands(writes)

    def _while_it_stands(self, writes: Sequence[tuple[str, dict[str, Any]]]) -> bool:
        try:
            self._table.transact(writes)
        except ConditionFailed:
            return False
        return True


def _standing(key: ConversationKey, seal: Turn) -> dict[str, Any]:
    """The seal, on condition that it still says `moved`."""
    return {
        "Key": turn_key(key, seal.seq),
        "ConditionExpression": f"{SAME_EPOCH} AND #status = :moved",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":epoch": string(seal.epoch),
            ":moved": string(Status.MOVED),
        },
    }


def _target(seal: Turn) -> ConversationKey:
    if seal.moved_to is None:
        raise ValueError("this seal leads nowhere")
    return seal.moved_to
