"""Conversations that begin in the log of another: a root, and a note of it for the other."""

from collections.abc import Sequence
from typing import Any

from bot.models import Conversation, ConversationKey, Status, Turn
from bot.turn_log.tail import origin_of
from store.dynamo import keys
from store.dynamo.attributes import Item, number, string
from store.dynamo.items import SAME_EPOCH, conversation_item, turn_item, turn_key
from store.dynamo.table import ConditionFailed, Table
from store.dynamo.turn_log import while_free


class DynamoForks:
    """`bot.ports.Forks` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def fork(
        self, key: ConversationKey, root: Turn, head: int, conversation: Conversation, until: int
    ) -> bool:
        """See the port."""
        origin = origin_of(root)
        home = ConversationKey(key.user_id, origin.conversation_id)
        note = {**_note_key(home, key), "expiresAt": number(root.expires_at)}
        return self._all_written(
            [
                ("ConditionCheck", {"Key": turn_key(home, head + 1), **while_free(origin.epoch)}),
                ("Put", {"Item": turn_item(key, root), **while_free(root.epoch)}),
                ("Put", {"Item": note}),
                ("Put", {"Item": conversation_item(key, conversation, until)}),
            ]
        )

    def forks(self, key: ConversationKey) -> tuple[str, ...]:
        """See the port."""
        prefix = keys.fork_id(key, ConversationKey(key.user_id, ""))
        found: list[Item] = []
        start: dict[str, Any] = {}
        while True:
            page, following = self._table.query(
                KeyConditionExpression="userId = :user AND begins_with(itemId, :prefix)",
                ExpressionAttributeValues={":user": string(key.user_id), ":prefix": string(prefix)},
                **start,
            )
            found += page
            if following is None:
                return tuple(keys.fork_of_id(item["itemId"]["S"]) for item in found)
            start = {"ExclusiveStartKey": following}

    def fill(self, key: ConversationKey, root: Turn, turns: Sequence[Turn], end: int) -> bool:
        """See the port."""
        writes = []
        for turn in turns:
            condition = _unchanged(root) if turn.seq == root.seq else {}
            writes.append(("Put", {"Item": turn_item(key, turn), **condition}))
        if all(turn.seq != root.seq for turn in turns):
            shorter = _unchanged(root)
            shorter["UpdateExpression"] = "SET originSeq = :end"
            shorter["ExpressionAttributeValues"][":end"] = number(end)
            writes.append(("Update", {"Key": turn_key(key, root.seq), **shorter}))
        return self._all_written(writes)

    def forget_fork(self, key: ConversationKey, fork: ConversationKey) -> None:
        """See the port."""
        self._table.delete(_note_key(key, fork))

    def _all_written(self, writes: Sequence[tuple[str, dict[str, Any]]]) -> bool:
        try:
            self._table.transact(writes)
        except ConditionFailed:
            return False
        return True


def _unchanged(root: Turn) -> dict[str, Any]:
    """The condition that a root stands for what it did when it was read."""
    return {
        "ConditionExpression": f"{SAME_EPOCH} AND #status = :forked AND originSeq = :was",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":epoch": string(root.epoch),
            ":forked": string(Status.FORKED),
            ":was": number(origin_of(root).seq),
        },
    }


def _note_key(home: ConversationKey, fork: ConversationKey) -> Item:
    return {"userId": string(home.user_id), "itemId": string(keys.fork_id(home, fork))}
