"""Asking a bot: a stranger's code, of which nothing is taken for granted."""

import json
from collections.abc import Generator
from typing import cast

from bot import limits
from bot.errors import BotFailed
from bot.models import Message, Outcome, Reply, Snapshot, State
from bot.ports import Bot, Call, StreamingBot


def streaming(bot: Bot | StreamingBot) -> StreamingBot | None:
    """The bot, if it answers in pieces; None for one that answers at once."""
    return cast("StreamingBot", bot) if callable(getattr(bot, "stream", None)) else None


class AtOnce:
    """A bot that answers at once, as one that streams: for what is still to be answered when a
    bot that streams has given way to it."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome]:
        """See `bot.ports.StreamingBot`."""
        text, state = ask(self._bot, snapshot, message)
        yield text
        return Outcome(state, silent=not text)


def in_pieces(bot: Bot | StreamingBot) -> StreamingBot:
    """The bot as one that streams."""
    return streaming(bot) or AtOnce(cast("Bot", bot))


def ask(bot: Bot, snapshot: Snapshot, message: Message) -> tuple[str, State]:
    """The bot's reply, empty where it is silent, and state, as they will be kept.

    Raises BotFailed where the bot raises, or answers what cannot be kept.
    """
    try:
        return _checked(bot.reply(snapshot, message))
    except BotFailed:
        raise
    except Exception as error:
        raise BotFailed(type(error).__name__) from error


def checked_state(state: State) -> State:
    """The state as a bot will find it again. Raises BotFailed where it cannot be kept."""
    kept = json.dumps(dict(state), ensure_ascii=False, allow_nan=False)
    if len(kept.encode()) > limits.MAX_STATE_BYTES:
        raise BotFailed("state too large")
    # Read back, so that a bot finds the same state whether it was kept in memory or in a table.
    found: State = json.loads(kept)
    return found


def _checked(reply: Reply) -> tuple[str, State]:
    if not isinstance(reply, Reply) or not isinstance(reply.text, str):
        raise BotFailed("no reply")
    if reply.silent is not (reply.text == ""):
        raise BotFailed("silent, with words" if reply.text else "no reply")
    if len(reply.text) > limits.MAX_REPLY_CHARACTERS:
        raise BotFailed("reply too long")
    reply.text.encode()
    return reply.text, checked_state(reply.state)
