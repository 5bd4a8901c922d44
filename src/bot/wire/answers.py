"""What the server sends: one builder a frame type. The contract is docs/protocol.md."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.errors import ParleyError, RateLimited
from bot.models import Author, Conversation, Turn

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Header:
    """What every `snapshot` frame says of its conversation besides the turns."""

    conversation_id: str
    epoch: str
    title: str
    head: int
    read: int
    fork_of: str = ""
    fork_at: int = 0


def encode(frame: Frame | str) -> bytes:
    """A frame, or a part of one, as it goes over the wire: JSON in UTF-8."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def turn_object(turn: Turn) -> Frame:
    """A turn as `turn` and `snapshot` frames carry it."""
    shown: Frame = {
        "seq": turn.seq,
        "messageId": turn.message_id,
        "author": turn.author,
        "text": turn.text,
        "reply": turn.reply,
        "status": turn.status,
        "createdAt": timestamp(turn.created_at),
        "completedAt": timestamp(turn.completed_at) if turn.completed_at else None,
    }
    if turn.feedback:
        shown["feedback"] = turn.feedback
    if turn.failure:
        shown["failure"] = turn.failure
    if turn.content:
        shown["content"] = json.loads(turn.content)
    if turn.author is Author.BACKEND and turn.lapses_at and not (turn.reply or turn.content):
        shown["lapsed"] = True
    return shown


def turn_frame(conversation_id: str, epoch: str, turn: Frame) -> Frame:
    """One turn, new or sent again."""
    return {"type": "turn", "conversationId": conversation_id, "epoch": epoch, "turn": turn}


def accepted(conversation_id: str, message_id: str, seq: int) -> Frame:
    """A message is kept; its reply will come."""
    return {
        "type": "accepted",
        "conversationId": conversation_id,
        "messageId": message_id,
        "seq": seq,
    }


def delta(
    conversation_id: str, epoch: str, seq: int, offset: int, text: str, attempt: int = 1
) -> Frame:
    """A piece of a reply; `offset` counts code points into it."""
    return {
        "type": "delta",
        "conversationId": conversation_id,
        "epoch": epoch,
        "seq": seq,
        "attempt": attempt,
        "offset": offset,
        "text": text,
    }


def snapshot(header: Header, turns: list[Frame], *, more: bool, reset: bool) -> Frame:
    """Turns of a conversation, and what it is now."""
    return {
        "type": "snapshot",
        "conversationId": header.conversation_id,
        "epoch": header.epoch,
        "title": header.title,
        "turns": turns,
        "head": header.head,
        "read": header.read,
        "unread": header.head - header.read,
        "more": more,
        "reset": reset,
        **_fork(header),
    }


def conversations(entries: Iterable[tuple[Conversation, int]], cursor: str | None) -> Frame:
    """One page of a user's conversations, each with its head; newest first."""
    newest_first = sorted(entries, key=lambda entry: entry[0].updated_at, reverse=True)
    return {
        "type": "conversations",
        "conversations": [
            {
                "conversationId": conversation.conversation_id,
                "title": conversation.title,
                "updatedAt": timestamp(conversation.updated_at),
                "head": head,
                "read": conversation.read,
                "unread": max(head - conversation.read, 0),
                **_fork(conversation),
            }
            for conversation, head in newest_first
        ],
        "cursor": cursor,
    }


def event(conversation_id: str, event_id: str, text: str, content: str) -> Frame:
    """What a backend tells those who are there, and which is not kept."""
    frame: Frame = {"type": "event", "conversationId": conversation_id, "id": event_id}
    if text:
        frame["text"] = text
    if content:
        frame["content"] = json.loads(content)
    return frame


def adopted(moved: Iterable[tuple[str, str]], cursor: str | None) -> Frame:
    """Where the conversations of a guest are now."""
    return {
        "type": "adopted",
        "conversations": [{"was": was, "conversationId": now} for was, now in moved],
        "cursor": cursor,
    }


def _fork(known: Header | Conversation) -> Frame:
    """Which conversation it was forked from, and where; nothing of any other."""
    return {"forkOf": known.fork_of, "forkAt": known.fork_at} if known.fork_of else {}


def pong() -> Frame:
    """The answer to a heartbeat."""
    return {"type": "pong"}


def renewed(until: float) -> Frame:
    """The connection's credential holds until then, in seconds since 1970."""
    return {"type": "renewed", "expiresAt": timestamp(datetime.fromtimestamp(until, UTC))}


def error(fault: ParleyError, reference: dict[str, str]) -> Frame:
    """What went wrong, and with which message or conversation."""
    frame: Frame = {
        "type": "error",
        "code": fault.code,
        "message": str(fault),
        "retryable": fault.retryable,
        **reference,
    }
    if isinstance(fault, RateLimited):
        frame["retryAfterMs"] = fault.retry_after_ms
    return frame
