"""Turns and conversations as items of the SessionsTable.

A turn is kept readable while that costs no more; where its `text`, `reply` and `state` would take
another write unit, they go compressed into one attribute, `packed` (docs/adr/0002-flat-cost.md).
"""

import json
from datetime import datetime

from bot.models import (
    Author,
    Conversation,
    ConversationKey,
    Failure,
    Origin,
    Position,
    Rating,
    State,
    Status,
    Turn,
    Usage,
)
from bot.wire.answers import timestamp
from store.dynamo.attributes import WRITE_UNIT_BYTES, Item, item_size, number, string
from store.dynamo.keys import conversation_id_of, conversation_item_id, seq_of, turn_id
from store.dynamo.packing import pack, pack_json, unpack, unpack_json

SAME_EPOCH = "epoch = :epoch"
"""The condition of whatever may only touch an item of its own life of the conversation."""


def turn_key(key: ConversationKey, seq: int) -> Item:
    """Where a turn is kept."""
    return {"userId": string(key.user_id), "itemId": string(turn_id(key, seq))}


def turn_item(key: ConversationKey, turn: Turn) -> Item:
    """The item that keeps `turn`."""
    item: Item = {
        **turn_key(key, turn.seq),
        "epoch": string(turn.epoch),
        "messageId": string(turn.message_id),
        "author": string(turn.author),
        "status": string(turn.status),
        "createdAt": string(timestamp(turn.created_at)),
        "owner": string(turn.owner),
        "allowance": number(turn.allowance),
        "expiresAt": number(turn.expires_at),
    }
    if turn.completed_at:
        item["completedAt"] = string(timestamp(turn.completed_at))
    if turn.feedback:
        item["feedback"] = string(turn.feedback)
    if turn.moved_to:
        item["movedToUserId"] = string(turn.moved_to.user_id)
        item["movedToConversationId"] = string(turn.moved_to.conversation_id)
    item |= _of_origin(turn) | _of_reply(turn) | _of_push(turn)
    state = json.dumps(turn.state, ensure_ascii=False, separators=(",", ":"))
    readable: Item = {
        **item,
        "text": string(turn.text),
        "reply": string(turn.reply),
        "state": string(state),
    }
    if turn.content:
        readable["content"] = string(turn.content)
    if item_size(readable) <= WRITE_UNIT_BYTES:
        return readable
    packed: Item = {**item, "packed": {"B": pack(turn.text, turn.reply, turn.state)}}
    if turn.content:
        packed["content"] = {"B": pack_json(turn.content)}
    return packed


def turn_of(item: Item) -> Turn:
    """The turn that an item keeps."""
    text, reply, state = _contents(item)
    return Turn(
        seq=seq_of(item["itemId"]["S"]),
        epoch=item["epoch"]["S"],
        message_id=item["messageId"]["S"],
        author=Author(item["author"]["S"]),
        text=text,
        reply=reply,
        state=state,
        status=Status(item["status"]["S"]),
        created_at=_moment(item["createdAt"]["S"]),
        completed_at=_moment(item["completedAt"]["S"]) if "completedAt" in item else None,
        owner=item["owner"]["S"],
        expires_at=int(item["expiresAt"]["N"]),
        allowance=float(item["allowance"]["N"]),
        feedback=Rating(item["feedback"]["S"]) if "feedback" in item else None,
        moved_to=_moved_to(item),
        origin=_origin(item),
        lease_until=float(item["leaseUntil"]["N"]) if "leaseUntil" in item else 0.0,
        attempt=int(item["attempt"]["N"]) if "attempt" in item else 0,
        stopping="stopping" in item,
        failure=Failure(item["failure"]["S"]) if "failure" in item else None,
        usage=_usage(item),
        content=_content(item),
        position=_position(item),
        positions=json.loads(item["positions"]["S"]) if "positions" in item else {},
        lapses_at=float(item["lapsesAt"]["N"]) if "lapsesAt" in item else 0.0,
    )


def conversation_item(key: ConversationKey, conversation: Conversation, expires_at: int) -> Item:
    """The item that the list of conversations is made from."""
    return {
        "userId": string(key.user_id),
        "itemId": string(conversation_item_id(key.conversation_id)),
        "epoch": string(conversation.epoch),
        "title": string(conversation.title),
        "createdAt": string(timestamp(conversation.created_at)),
        "updatedAt": string(timestamp(conversation.updated_at)),
        "read": number(conversation.read),
        "expiresAt": number(expires_at),
        **_of_fork(conversation),
    }


def conversation_of(item: Item) -> Conversation:
    """The conversation that an item describes."""
    return Conversation(
        conversation_id=conversation_id_of(item["itemId"]["S"]),
        epoch=item["epoch"]["S"],
        title=item["title"]["S"],
        created_at=_moment(item["createdAt"]["S"]),
        updated_at=_moment(item["updatedAt"]["S"]),
        read=int(item["read"]["N"]),
        fork_of=item["forkOf"]["S"] if "forkOf" in item else "",
        fork_at=int(item["forkAt"]["N"]) if "forkAt" in item else 0,
    )


def _moved_to(item: Item) -> ConversationKey | None:
    if "movedToUserId" not in item:
        return None
    return ConversationKey(item["movedToUserId"]["S"], item["movedToConversationId"]["S"])


def _of_origin(turn: Turn) -> Item:
    if turn.origin is None:
        return {}
    return {
        "originConversationId": string(turn.origin.conversation_id),
        "originEpoch": string(turn.origin.epoch),
        "originSeq": number(turn.origin.seq),
    }


def _origin(item: Item) -> Origin | None:
    if "originSeq" not in item:
        return None
    return Origin(
        item["originConversationId"]["S"],
        item["originEpoch"]["S"],
        int(item["originSeq"]["N"]),
    )


def _of_fork(conversation: Conversation) -> Item:
    if not conversation.fork_of:
        return {}
    return {
        "forkOf": string(conversation.fork_of),
        "forkAt": number(conversation.fork_at),
    }


def lease(until: float) -> dict[str, str]:
    """The end of a lease, to the millisecond."""
    return {"N": f"{until:.3f}"}


def _of_reply(turn: Turn) -> Item:
    """What is kept of a reply that is written in pieces."""
    item: Item = {}
    if turn.is_pending:
        item["leaseUntil"] = lease(turn.lease_until)
    if turn.attempt:
        item["attempt"] = number(turn.attempt)
    if turn.stopping:
        item["stopping"] = {"BOOL": True}
    if turn.failure:
        item["failure"] = string(turn.failure)
    if turn.usage:
        item["inputTokens"] = number(turn.usage.input_tokens)
        item["outputTokens"] = number(turn.usage.output_tokens)
    return item


def _of_push(turn: Turn) -> Item:
    """What is kept of pushed messages: of all up to a turn, and of the turn itself."""
    item: Item = {}
    if turn.positions:
        # Text: a DynamoDB number has 38 digits, a sequence number of Kinesis 56.
        item["positions"] = string(json.dumps(dict(turn.positions), separators=(",", ":")))
    if turn.position:
        item["position"] = string(f"{turn.position.source}#{turn.position.number}")
    if turn.lapses_at:
        # To the millisecond: a push of one second would else lapse at once.
        item["lapsesAt"] = {"N": f"{turn.lapses_at:.3f}".rstrip("0").rstrip(".")}
    return item


def _position(item: Item) -> Position | None:
    if "position" not in item:
        return None
    source, _, place = item["position"]["S"].rpartition("#")
    return Position(source, int(place))


def _content(item: Item) -> str:
    kept = item.get("content", {"S": ""})
    return unpack_json(kept["B"]) if "B" in kept else str(kept["S"])


def _usage(item: Item) -> Usage | None:
    if "inputTokens" not in item:
        return None
    return Usage(int(item["inputTokens"]["N"]), int(item["outputTokens"]["N"]))


def _contents(item: Item) -> tuple[str, str, State]:
    if "packed" in item:
        return unpack(item["packed"]["B"])
    if "text" not in item:  # a tombstone
        return "", "", {}
    return item["text"]["S"], item["reply"]["S"], json.loads(item["state"]["S"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
