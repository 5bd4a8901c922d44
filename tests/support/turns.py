"""Turns, built with what a test cares about and nothing else."""

from datetime import datetime, timedelta
from typing import Any

from bot.models import Author, ConversationKey, Status, Turn
from tests.support.clock import START

ANA = "guest:" + "a" * 64
BEN = "guest:" + "b" * 64
MAIN = ConversationKey(ANA, "main")
FAR = int((START + timedelta(days=365)).timestamp())


def a_turn(seq: int = 1, epoch: str = "e1", **changes: Any) -> Turn:
    """A finished turn."""
    made: datetime = changes.get("created_at", START)
    fields: dict[str, Any] = {
        "seq": seq,
        "epoch": epoch,
        "message_id": f"m{seq}",
        "author": Author.USER,
        "text": f"text {seq}",
        "reply": f"reply {seq}",
        "state": {"count": seq},
        "status": Status.DONE,
        "created_at": made,
        "completed_at": made,
        "owner": f"owner-{epoch}-{seq}",
        "expires_at": FAR,
        **changes,
    }
    return Turn(**fields)


def a_tombstone(seq: int = 1, epoch: str = "e1", **changes: Any) -> Turn:
    """What a finished deletion leaves in a turn's place."""
    nothing = {"message_id": "", "text": "", "reply": "", "state": {}, "status": Status.DELETED}
    return a_turn(seq, epoch, **{**nothing, **changes})


def a_seal(seq: int = 1, epoch: str = "e1", **changes: Any) -> Turn:
    """The end of a log that is being deleted."""
    return a_tombstone(seq, epoch, **{"completed_at": None, **changes})
