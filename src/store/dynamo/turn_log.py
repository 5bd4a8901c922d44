"""The turns of conversations in the SessionsTable, one item each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Rating, Status, Turn
from bot.ports import Page
from bot.turn_log.epochs import birth
from bot.wire.answers import timestamp
from store.dynamo import keys
from store.dynamo.attributes import Item, number, string
from store.dynamo.items import SAME_EPOCH, turn_item, turn_key, turn_of
from store.dynamo.table import ConditionFailed, Table

PARALLEL_WRITES = 8


def while_free(epoch: str) -> dict[str, Any]:
    """The condition that a place is free, or holds a tombstone of an epoch before this one."""
    return {
        "ConditionExpression": (
            "attribute_not_exists(itemId) OR "
            "(#status = :deleted AND attribute_exists(completedAt) AND epoch < :birth)"
        ),
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":deleted": string(Status.DELETED),
            ":birth": string(birth(epoch)),
        },
    }


class DynamoTurnLog:
    """`bot.ports.TurnLog` on DynamoDB."""

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
        item = self._table.get(turn_key(key, seq))
        return turn_of(item) if item else None

    def append(self, key: ConversationKey, turn: Turn) -> Turn | None:
        """See the port."""
        try:
            self._table.put(
                turn_item(key, turn),
                **while_free(turn.epoch),
            )
        except ConditionFailed as lost:
            return self._winner(key, turn.seq, lost.item)
        return None

    def rate(self, key: ConversationKey, turn: Turn, rating: Rating | None) -> Turn | None:
        """See the port."""
        change = "SET feedback = :rating" if rating else "REMOVE feedback"
        values = {
            ":epoch": string(turn.epoch),
            ":deleted": string(Status.DELETED),
            ":moved": string(Status.MOVED),
        }
        if rating:
            values[":rating"] = string(rating)
        try:
            rated = self._table.update(
                turn_key(key, turn.seq),
                UpdateExpression=change,
                ConditionExpression=f"{SAME_EPOCH} AND NOT #status IN (:deleted, :moved)",
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
                turn_key(key, turn.seq),
                ConditionExpression=SAME_EPOCH,
                ExpressionAttributeValues={":epoch": string(turn.epoch)},
            )

        _each(erase_one, turns)

    def bury(
        self, key: ConversationKey, turns: Sequence[Turn], at: datetime | None, expires_at: int
    ) -> None:
        """See the port."""
        completed = ("SET completedAt = :at, ", "") if at else ("SET ", ", completedAt")
        values = {
            ":deleted": string(Status.DELETED),
            ":expires": number(expires_at),
            ":nothing": string(""),
            **({":at": string(timestamp(at))} if at else {}),
        }

        def bury_one(turn: Turn) -> None:
            self._table.update(
                turn_key(key, turn.seq),
                UpdateExpression=(
                    f"{completed[0]}#status = :deleted, expiresAt = :expires, messageId = :nothing "
                    f"REMOVE #text, reply, #state, packed, feedback, "
                    f"content, #position, positions, lapsesAt, "
                    f"originConversationId, originEpoch, originSeq{completed[1]}"
                ),
                ConditionExpression=SAME_EPOCH,
                ExpressionAttributeNames={
                    "#status": "status",
                    "#text": "text",
                    "#state": "state",
                    "#position": "position",
                },
                ExpressionAttributeValues={**values, ":epoch": string(turn.epoch)},
            )

        _each(bury_one, turns)

    def _winner(self, key: ConversationKey, seq: int, told: Item | None) -> Turn:
        # An engine that does not say who won is asked; by then the winner may have been deleted.
        winner = turn_of(told) if told else self.turn(key, seq)
        if winner is None:
            raise StoreUnavailable("The conversation changes too fast.")
        return winner

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
