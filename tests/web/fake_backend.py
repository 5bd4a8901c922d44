"""The contract's server side in memory, bots included: what the page talks to in its tests.

A text that begins with `slow` is replied to as a bot that streams does, word by word when a test
says so; all others at once.

It does no I/O: a frame in, the frames to send out. `to_user` frames go to all of a user's
connections.
"""

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Frame = dict[str, Any]

NEWEST = 50
GAP = 1_000
PAGE = 20
MAX_TEXT = 4_000
CUT_REPLY = 6_000
"""Replies longer than this go out in parts, as the real server sends those over 32 KB."""


@dataclass
class Conversation:
    """One conversation's log and what is known of it."""

    conversation_id: str
    epoch: str = field(default_factory=lambda: uuid.uuid4().hex)
    title: str = ""
    read: int = 0
    turns: list[Frame] = field(default_factory=list)
    fork: Frame = field(default_factory=dict)
    """What it is a fork of: `forkOf` and `forkAt`, as frames carry them."""
    forked_at: str = ""

    @property
    def head(self) -> int:
        return len(self.turns)

    def snapshot(
        self, turns: list[Frame], *, more: bool = False, reset: bool = False
    ) -> list[Frame]:
        """`snapshot` frames with these turns, each large turn alone in its own."""
        frames: list[Frame] = []
        for large, group in itertools.groupby(turns, key=_is_large):
            for batch in [[turn] for turn in group] if large else [list(group)]:
                cut, deltas = zip(*(_cut(self, turn) for turn in batch), strict=True)
                frames.append(self._header(list(cut), more=True, reset=reset and not frames))
                frames.extend(itertools.chain.from_iterable(deltas))
        if not frames:
            return [self._header([], more=more, reset=reset)]
        next(f for f in reversed(frames) if f["type"] == "snapshot")["more"] = more
        return frames

    def turn_frames(self, turn: Frame) -> list[Frame]:
        """One turn as it goes out."""
        cut, deltas = _cut(self, turn)
        shown = {"type": "turn", "conversationId": self.conversation_id, "epoch": self.epoch}
        return [{**shown, "turn": cut}, *deltas]

    def _header(self, turns: list[Frame], *, more: bool, reset: bool) -> Frame:
        return {
            "type": "snapshot",
            "conversationId": self.conversation_id,
            "epoch": self.epoch,
            "title": self.title,
            "turns": turns,
            "head": self.head,
            "read": self.read,
            "more": more,
            "reset": reset,
            **self.fork,
        }


@dataclass
class Answer:
    """What a frame is answered with."""

    to_caller: list[Frame] = field(default_factory=list)
    to_user: list[Frame] = field(default_factory=list)


class FakeBackend:
    """Every user's conversations."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Conversation]] = {}
        self.adopted: dict[str, dict[str, str]] = {}
        self.written: dict[tuple[str, str], str] = {}
        self._ticks = itertools.count()

    def handle(self, user: str, frame: Frame) -> Answer:
        """Answer one frame."""
        action = getattr(self, f"_{frame.get('action')}", None)
        if action is None:
            return Answer([_error("unknown_action", frame)])
        answer = action(user, frame)
        assert isinstance(answer, Answer)
        return answer

    def conversation(self, user: str, conversation_id: str = "main") -> Conversation:
        """A user's conversation, made where it does not exist."""
        mine = self.users.setdefault(user, {})
        return mine.setdefault(conversation_id, Conversation(conversation_id))

    def append(self, user: str, conversation_id: str, **fields: Any) -> Frame:
        """Write one more turn."""
        conversation = self.conversation(user, conversation_id)
        now = self._now()
        turn: Frame = {
            "seq": conversation.head + 1,
            "messageId": uuid.uuid4().hex,
            "author": "user",
            "text": "",
            "reply": "",
            "status": "done",
            "createdAt": now,
            "completedAt": now,
            **fields,
        }
        conversation.turns.append(turn)
        conversation.title = conversation.title or (turn["text"] or turn["reply"])[:60]
        return turn

    def reply_to(self, text: str) -> str:
        """What the bot says: `long N` gets N characters, anything else itself back."""
        word, _, count = text.partition(" ")
        if word == "long" and count.isdigit():
            return "".join(f"{i:07d} " for i in range(int(count) // 8))
        return f"You said: {text}"

    def _message(self, user: str, frame: Frame) -> Answer:
        conversation = self._find(user, frame)
        turns = conversation.turns if conversation else []
        for known in turns:
            if known["messageId"] == frame["messageId"]:
                assert conversation is not None
                if known["text"] != frame["text"]:
                    return Answer([_error("bad_request", frame)])
                return Answer(conversation.turn_frames(known))
        if not frame["text"] or len(frame["text"]) > MAX_TEXT:
            return Answer([_error("too_large", frame)])
        if turns and turns[-1]["status"] == "pending":
            return Answer([_error("busy", frame, retryable=True)])
        if conversation is None and "forkOf" in frame:
            code = self._make_fork(user, frame)
            if code:
                return Answer([_error(code, frame, retryable=code == "busy")])
        text, message_id = frame["text"], frame["messageId"]
        if text.startswith("slow"):
            return self._begin_reply(user, frame)
        conversation_id = frame.get("conversationId", "main")
        turn = self.append(
            user, conversation_id, text=text, messageId=message_id, reply=self.reply_to(text)
        )
        return Answer(to_user=self.conversation(user, conversation_id).turn_frames(turn))

    def _fork(self, user: str, frame: Frame) -> Answer:
        known = self._find(user, frame)
        asked = {key: frame[key] for key in ("forkOf", "forkAt")}
        if known is None:
            code = self._make_fork(user, frame)
        else:
            code = "" if known.fork == asked else "bad_request"
        if code:
            return Answer([_error(code, frame, retryable=code == "busy")])
        return Answer(to_user=self.conversation(user, frame["conversationId"]).snapshot([]))

    def _make_fork(self, user: str, frame: Frame) -> str:
        """Make the conversation that a frame names; the code of the error where it cannot be."""
        parent, at = self.users.get(user, {}).get(frame["forkOf"]), frame["forkAt"]
        if parent is None or parent.epoch != frame["forkEpoch"] or at > parent.head:
            return "not_found"
        if at and parent.turns[at - 1]["status"] == "pending":
            return "busy"
        made = self.conversation(user, frame["conversationId"])
        made.turns = [dict(turn) for turn in parent.turns[:at]]
        made.read, made.forked_at = at, self._now()
        if at:
            made.title, made.fork = parent.title, {"forkOf": frame["forkOf"], "forkAt": at}
        return ""

    def _begin_reply(self, user: str, frame: Frame) -> Answer:
        """A streamed reply: two deltas now, more by `write`, the end by `_stop` or `finish`."""
        conversation_id = frame.get("conversationId", "main")
        turn = self.append(
            user,
            conversation_id,
            text=frame["text"],
            messageId=frame["messageId"],
            status="pending",
            completedAt=None,
        )
        accepted = {
            "type": "accepted",
            "conversationId": conversation_id,
            "messageId": frame["messageId"],
            "seq": turn["seq"],
        }
        shown = self.conversation(user, conversation_id).turn_frames(turn)
        self.written[user, conversation_id] = ""
        for text in ("Once upon ", "a time"):
            shown += self.write(user, text, conversation_id)
        return Answer([accepted], shown)

    def write(self, user: str, text: str, conversation_id: str = "main") -> list[Frame]:
        """Go on with the streamed reply."""
        offset = len(self.written[user, conversation_id])
        self.written[user, conversation_id] += text
        return [self._delta(user, conversation_id, offset)]

    def finish(
        self, user: str, conversation_id: str = "main", status: str = "done", **fields: Any
    ) -> list[Frame]:
        """End the streamed reply, with what was written or another `reply`."""
        conversation = self.conversation(user, conversation_id)
        turn = conversation.turns[-1]
        reply = self.written.pop((user, conversation_id))
        turn.update({"status": status, "reply": reply, "completedAt": self._now(), **fields})
        return conversation.turn_frames(turn)

    def _delta(self, user: str, conversation_id: str, offset: int) -> Frame:
        return {
            "type": "delta",
            "conversationId": conversation_id,
            "epoch": self.conversation(user, conversation_id).epoch,
            "seq": self.conversation(user, conversation_id).head,
            "attempt": 1,
            "offset": offset,
            "text": self.written[user, conversation_id][offset:],
        }

    def _stop(self, user: str, frame: Frame) -> Answer:
        return Answer(to_user=self.finish(user, frame.get("conversationId", "main"), "stopped"))

    def _resume(self, user: str, frame: Frame) -> Answer:
        answer = self._gap(user, frame)
        conversation_id = frame.get("conversationId", "main")
        if (user, conversation_id) in self.written:
            # Whoever writes sees a new device within a second, and tells it all from the beginning.
            answer.to_caller.append(self._delta(user, conversation_id, 0))
        return answer

    def _gap(self, user: str, frame: Frame) -> Answer:
        conversation = self._find(user, frame)
        after, epoch = frame.get("after"), frame.get("epoch")
        if conversation is None or not conversation.turns:
            reset = bool(epoch or after)
            return Answer([_nothing(frame, reset=reset)])
        if after is None:
            return Answer(self._newest(conversation))
        if after > conversation.head or epoch not in (None, conversation.epoch):
            return Answer(self._newest(conversation, reset=True))
        gap = conversation.turns[after : after + GAP]
        end = gap[-1]["seq"] if gap else after
        frames = conversation.snapshot(gap, more=end < conversation.head)
        if end < conversation.head:
            next(f for f in reversed(frames) if f["type"] == "snapshot")["next"] = end
        return Answer(frames)

    def _newest(self, conversation: Conversation, *, reset: bool = False) -> list[Frame]:
        turns = conversation.turns[-NEWEST:]
        return conversation.snapshot(turns, more=turns[0]["seq"] > 1, reset=reset)

    def _history(self, user: str, frame: Frame) -> Answer:
        conversation = self._find(user, frame)
        if conversation is None:
            return Answer([_nothing(frame, reset=False)])
        older = conversation.turns[: frame["before"] - 1]
        turns = older[-frame.get("limit", 20) :]
        return Answer(conversation.snapshot(turns, more=len(turns) < len(older)))

    def _conversations(self, user: str, frame: Frame) -> Answer:
        known = sorted(self.users.get(user, {}).values(), key=lambda c: c.conversation_id)
        known = [c for c in known if c.turns and c.conversation_id > (frame.get("cursor") or "")]
        page = known[:PAGE]
        entries = [
            {
                "conversationId": c.conversation_id,
                "title": c.title,
                "updatedAt": max(c.turns[-1]["createdAt"], c.forked_at),
                "head": c.head,
                "read": c.read,
                **c.fork,
            }
            for c in page
        ]
        cursor = page[-1].conversation_id if len(known) > PAGE else None
        return Answer([{"type": "conversations", "conversations": entries, "cursor": cursor}])

    def _rename(self, user: str, frame: Frame) -> Answer:
        conversation = self._find(user, frame)
        if conversation is None:
            return Answer([_error("not_found", frame)])
        conversation.title = frame["title"]
        return Answer(to_user=conversation.snapshot([]))

    def _read(self, user: str, frame: Frame) -> Answer:
        conversation = self._find(user, frame)
        if conversation is None:
            return Answer([_error("not_found", frame)])
        conversation.read = max(conversation.read, min(frame["seq"], conversation.head))
        return Answer(to_user=conversation.snapshot([]))

    def _delete(self, user: str, frame: Frame) -> Answer:
        if self.users.get(user, {}).pop(frame.get("conversationId", "main"), None) is None:
            return Answer([_error("not_found", frame)])
        return Answer(to_user=[_nothing(frame, reset=True)])

    def _feedback(self, user: str, frame: Frame) -> Answer:
        conversation = self._find(user, frame)
        if conversation is None or not 0 < frame["seq"] <= conversation.head:
            return Answer([_error("not_found", frame)])
        turn = conversation.turns[frame["seq"] - 1]
        turn.pop("feedback", None)
        if frame["rating"]:
            turn["feedback"] = frame["rating"]
        return Answer(to_user=conversation.turn_frames(turn))

    def _adopt(self, user: str, frame: Frame) -> Answer:
        """Move one conversation a frame, so that there is a cursor."""
        if not user.startswith("user:"):
            return Answer([_error("bad_request", frame)])
        guest = frame["guestId"]
        mine = self.adopted.setdefault(f"{user} {guest}", {})
        theirs = self.users.get(guest, {})
        for was in sorted(theirs)[:1]:
            conversation = theirs.pop(was)
            mine[was] = conversation.conversation_id = str(uuid.uuid4())
            self.users.setdefault(user, {})[mine[was]] = conversation
        moved = [{"was": was, "conversationId": now} for was, now in mine.items()]
        cursor = "more" if theirs else None
        return Answer([{"type": "adopted", "conversations": moved, "cursor": cursor}])

    def _ping(self, user: str, frame: Frame) -> Answer:
        return Answer([{"type": "pong"}])

    def _find(self, user: str, frame: Frame) -> Conversation | None:
        return self.users.get(user, {}).get(frame.get("conversationId", "main"))

    def _now(self) -> str:
        """Real time, but never the same twice: the list is ordered by it."""
        moment = datetime.now(UTC) + timedelta(milliseconds=next(self._ticks))
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(code: str, frame: Frame, *, retryable: bool = False) -> Frame:
    reference: Frame = {key: frame[key] for key in ("messageId", "conversationId") if key in frame}
    return {"type": "error", "code": code, "message": code, "retryable": retryable, **reference}


def _nothing(frame: Frame, *, reset: bool) -> Frame:
    gone = Conversation(frame.get("conversationId", "main"), epoch="")
    return gone.snapshot([], reset=reset)[0]


def _is_large(turn: Frame) -> bool:
    return len(turn["reply"]) > CUT_REPLY


def _cut(conversation: Conversation, turn: Frame) -> tuple[Frame, list[Frame]]:
    if not _is_large(turn):
        return dict(turn), []
    reply: str = turn["reply"]
    head = {
        "type": "delta",
        "conversationId": conversation.conversation_id,
        "epoch": conversation.epoch,
        "seq": turn["seq"],
        "attempt": 1,
    }
    deltas = [
        {**head, "offset": offset, "text": reply[offset : offset + CUT_REPLY]}
        for offset in range(CUT_REPLY, len(reply), CUT_REPLY)
    ]
    return {**turn, "reply": reply[:CUT_REPLY], "replyLength": len(reply)}, deltas
