"""A guest, and the users who sign in and say that they were that guest."""

from typing import Any

import pytest

from auth.guests import guest
from bot.models import ConversationKey, Status
from bot.ports import ConversationStore
from bot.wire.answers import Frame
from tests.support.stores import Dying, Killed
from tests.support.workers import Worker

GUEST_ID = "7f1c0d52-8a3e-4b6f-9c1d-0123456789ab"
GUEST = guest(GUEST_ID).user_id
STRANGER_ID = "0a1c0d52-8a3e-4b6f-9c1d-0123456789ab"
STRANGER = guest(STRANGER_ID).user_id
EVA = "user:id.example:eva"
LEO = "user:id.example:leo"
MAIN = ConversationKey(GUEST, "main")


def adopt(worker: Worker, guest_id: str = GUEST_ID) -> dict[str, str]:
    """Ask until all is done; where each conversation is now."""
    moved: dict[str, str] = {}
    cursor: str | None = None
    while True:
        frame = one_adopt(worker, guest_id, cursor)
        moved |= {each["was"]: each["conversationId"] for each in frame["conversations"]}
        cursor = frame["cursor"]
        if cursor is None:
            return moved


def one_adopt(worker: Worker, guest_id: str = GUEST_ID, cursor: str | None = None) -> Frame:
    """Ask once; the frame that says what was done."""
    (frame,) = worker.handle("adopt", guestId=guest_id, cursor=cursor).to_caller
    assert frame["type"] == "adopted", frame
    return frame


def seal_alone(store: ConversationStore, worker: Worker) -> None:
    """An adoption whose function dies right after the seal."""
    dying: Any = Dying(store, 1, applied=True)
    dead = Worker(dying, worker.chat.clock, user_id=worker.user_id)
    with pytest.raises(Killed):
        dead.handle("adopt", guestId=GUEST_ID)
    assert store.newest(MAIN, 1).turns[0].status is Status.MOVED


def what_is_said(worker: Worker, conversation_id: str = "main") -> list[dict[str, Any]]:
    """The turns of a conversation, as a device gets them."""
    return worker.turns(conversationId=conversation_id)
