"""The bot of the support inbox: `BotClass=support_inbox.bot:SupportInbox`."""

import os
from collections.abc import Generator, Mapping
from functools import partial

from bot.models import Message, Outcome, Snapshot
from bot.ports import Bot, Call, StreamingBot
from bots.scripted import ServiceDesk
from support_inbox.at_the_desk import AtTheDesk
from support_inbox.desk import Desk
from support_inbox.hand_over import HandOver
from support_inbox.operators import operators_of
from support_inbox.outgoing import ByQueue, Push, push_queue


class SupportInbox:
    """The service desk for customers, their cases for operators; `BOT_SETTINGS` says who is one.

    It streams, though it is instant, since what has an effect outside must be done once, for a
    message that is kept (docs/bots.md).
    """

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        bot: Bot | StreamingBot | None = None,
        push: Push | None = None,
    ) -> None:
        operators = operators_of(environment.get("BOT_SETTINGS", ""))
        address = environment.get("PUSH_QUEUE", "")
        desk = Desk(operators, push or ByQueue(partial(push_queue, address)))
        self._operators = operators
        self._customers_bot = HandOver(bot or ServiceDesk(), desk)
        self._operators_bot = AtTheDesk(desk)

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome]:
        """See `bot.ports.StreamingBot`. Who speaks is the authorizer's word."""
        is_operator = call.conversation.user_id in self._operators
        bot = self._operators_bot if is_operator else self._customers_bot
        return bot.stream(snapshot, message, call)
