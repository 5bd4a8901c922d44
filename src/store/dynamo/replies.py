"""Turns whose reply is still being written: who may write it, and until when."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot.models import ConversationKey, Status, Turn
from bot.turn_log.tail import ENDED
from store.dynamo.attributes import Item, number, string
from store.dynamo.items import SAME_EPOCH, lease, turn_item, turn_key, turn_of
from store.dynamo.table import ConditionFailed, Table

CONTENT = frozenset({"text", "reply", "state", "packed", "leaseUntil", "stopping"})
"""Attributes that the end of a reply may take away."""

NOT_ITS = frozenset({"userId", "itemId", "feedback"})
"""Attributes that the end of a reply leaves alone: a user may have rated it meanwhile."""

MINE = f"{SAME_EPOCH} AND #status = :pending AND #owner = :owner"
NAMES = {"#status": "status", "#owner": "owner"}


class DynamoReplies:
    """`bot.ports.PendingReplies` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, key: ConversationKey, turn: Turn, owner: str, lease_until: float) -> bool:
        """See the port."""
        claimed = replace(turn, owner=owner, attempt=turn.attempt + 1)
        return self._written(
            key,
            claimed,
            UpdateExpression="SET #owner = :new, leaseUntil = :lease, attempt = :attempt",
            ConditionExpression=f"{MINE} AND leaseUntil = :known",
            ExpressionAttributeNames=NAMES,
            ExpressionAttributeValues={
                **_mine(turn),
                ":new": string(owner),
                ":lease": lease(lease_until),
                ":known": lease(turn.lease_until),
                ":attempt": number(claimed.attempt),
            },
        )

    def hold(self, key: ConversationKey, turn: Turn, lease_until: float) -> bool:
        """See the port."""
        try:
            self._table.update(
                turn_key(key, turn.seq),
                UpdateExpression="SET leaseUntil = :lease",
                ConditionExpression=MINE,
                ExpressionAttributeNames=NAMES,
                ExpressionAttributeValues={**_mine(turn), ":lease": lease(lease_until)},
            )
        except ConditionFailed:
            return False
        return True

    def complete(self, key: ConversationKey, turn: Turn) -> bool:
        """See the port."""
        whole = turn_item(key, turn)
        ended = {name: whole[name] for name in whole if name not in NOT_ITS}
        names = {f"#a{number}": name for number, name in enumerate(ended)}
        gone = {f"#r{number}": name for number, name in enumerate(sorted(CONTENT - set(ended)))}
        values = {f":a{number}": value for number, value in enumerate(ended.values())}
        settings = ", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))
        return self._written(
            key,
            turn,
            UpdateExpression=f"SET {settings} REMOVE {', '.join(gone)}",
            ConditionExpression=MINE,
            ExpressionAttributeNames={**NAMES, **names, **gone},
            ExpressionAttributeValues={**_mine(turn), **values},
        )

    def ask_to_stop(self, key: ConversationKey, turn: Turn) -> Turn | None:
        """See the port."""
        try:
            asked = self._table.update(
                turn_key(key, turn.seq),
                UpdateExpression="SET stopping = :yes",
                ConditionExpression=f"{SAME_EPOCH} AND #status = :pending",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":epoch": string(turn.epoch),
                    ":pending": string(Status.PENDING),
                    ":yes": {"BOOL": True},
                },
            )
        except ConditionFailed as other:
            found = turn_of(other.item) if other.item else None
            seen = found and found.epoch == turn.epoch and found.status not in ENDED
            return found if seen else None
        return turn_of(asked)

    def _written(self, key: ConversationKey, wanted: Turn, **update: Any) -> bool:
        """Whether an update was made; one whose answer was lost, and which was sent again, meets
        itself."""
        try:
            self._table.update(turn_key(key, wanted.seq), **update)
        except ConditionFailed as other:
            return other.item is not None and _is(other.item, wanted)
        return True


def _mine(turn: Turn) -> Item:
    return {
        ":epoch": string(turn.epoch),
        ":pending": string(Status.PENDING),
        ":owner": string(turn.owner),
    }


def _is(item: Item, wanted: Turn) -> bool:
    with suppress(KeyError):
        found = turn_of(item)
        return (found.epoch, found.owner, found.attempt, found.status) == (
            wanted.epoch,
            wanted.owner,
            wanted.attempt,
            wanted.status,
        )
    return False
