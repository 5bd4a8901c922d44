"""Chats as warm functions run them: each has its own memory, all share one store and one clock."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from auth.guests import guest
from auth.principal import is_signed_in
from bot.chat import Answer, assemble
from bot.connections.expiry import Tokens
from bot.errors import TokenRefused
from bot.models import Caller, Order
from bot.ports import Bot, ConnectionStore, ConversationStore, ReplyStarter, StreamingBot
from bot.turns.pace import Pace
from bot.wire.answers import Frame
from store.memory.connections import MemoryConnectionStore
from tests.support.bots import Parrot
from tests.support.clock import Ids
from tests.support.turns import ANA

UNHURRIED = Pace(per_minute=60_000, burst=100_000)
RETENTION = timedelta(days=365)
_ids = Ids("owner")
_conversation_ids = Ids("new")


def no_pause(races: int) -> None:
    """Try again at once."""


class Orders:
    """Replies that were ordered, and are written when the test says so."""

    def __init__(self) -> None:
        self.made: list[Order] = []

    def start(self, order: Order) -> None:
        """See `bot.ports.ReplyStarter`."""
        self.made.append(order)


def no_tokens(token: str) -> Caller:
    """No issuer is known here."""
    raise TokenRefused("no issuer")


class Worker:
    """One warm function, spoken to by frames. `afterwards` runs at once unless held back."""

    def __init__(
        self,
        store: ConversationStore,
        clock: Callable[[], datetime],
        *,
        connections: ConnectionStore | None = None,
        tokens: Tokens = no_tokens,
        bot: Bot | StreamingBot | None = None,
        starter: ReplyStarter | None = None,
        pace: Pace = UNHURRIED,
        retention: timedelta = RETENTION,
        pause: Callable[[int], None] = no_pause,
        user_id: str = ANA,
        new_id: Callable[[], str] = _ids,
    ) -> None:
        self.user_id = user_id
        self.chat = assemble(
            store=store,
            connections=connections or MemoryConnectionStore(),
            tokens=tokens,
            bot=bot or Parrot(),
            starter=starter or Orders(),
            pace=pace,
            retention=retention,
            clock=clock,
            new_id=new_id,
            new_conversation_id=_conversation_ids,
            guest_of=lambda credential: guest(credential).user_id,
            pause=pause,
        )

    def handle(self, action: str, **fields: Any) -> Answer:
        """Answer one frame; what may wait until it is sent is left undone."""
        caller = Caller(self.user_id, signed_in=is_signed_in(self.user_id))
        return self.chat.handle(caller, json.dumps({"action": action, **fields}))

    def ask(self, action: str, **fields: Any) -> list[Frame]:
        """Answer one frame, and do all that it entails."""
        answer = self.handle(action, **fields)
        if answer.afterwards:
            answer.afterwards()
        return [*answer.to_caller, *answer.to_user]

    def one(self, action: str, **fields: Any) -> Frame:
        """Answer a frame whose answer is one frame."""
        (frame,) = self.ask(action, **fields)
        return frame

    def say(self, message_id: str, text: str | None = None, **fields: Any) -> Frame:
        """Send a message; its `turn` or `error` frame."""
        said = message_id if text is None else text
        return self.ask("message", messageId=message_id, text=said, **fields)[0]

    def turns(self, **fields: Any) -> list[Frame]:
        """The turns of the conversation, as a device that has nothing yet gets them."""
        shown: list[Frame] = []
        answer: dict[str, Any] = {"more": True, "next": 0}
        while answer["more"]:
            frames = self.ask("resume", after=answer["next"], **fields)
            for frame in frames:
                if frame["type"] == "snapshot":
                    shown += frame["turns"]
                    answer = frame
                else:
                    shown[-1] = {**shown[-1], "reply": shown[-1]["reply"] + frame["text"]}
        return shown

    def seqs(self, **fields: Any) -> list[int]:
        """What numbers the live turns have."""
        return [turn["seq"] for turn in self.turns(**fields)]
