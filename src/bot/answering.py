"""Asking a bot: a stranger's code, of which nothing is taken for granted."""

import json

from bot import limits
from bot.errors import BotFailed
from bot.models import Message, Reply, Snapshot, State
from bot.ports import Bot


def ask(bot: Bot, snapshot: Snapshot, message: Message) -> tuple[str, State]:
    """The bot's reply and state, as they will be kept.

    Raises BotFailed where the bot raises, or answers what cannot be kept.
    """
    try:
        return _checked(bot.reply(snapshot, message))
    except BotFailed:
        raise
    except Exception as error:
        raise BotFailed(type(error).__name__) from error


def _checked(reply: Reply) -> tuple[str, State]:
    if not isinstance(reply, Reply) or not isinstance(reply.text, str) or not reply.text:
        raise BotFailed("no reply")
    if len(reply.text) > limits.MAX_REPLY_CHARACTERS:
        raise BotFailed("reply too long")
    reply.text.encode()
    state = json.dumps(dict(reply.state), ensure_ascii=False, allow_nan=False)
    if len(state.encode()) > limits.MAX_STATE_BYTES:
        raise BotFailed("state too large")
    # Read back, so that a bot finds the same state whether it was kept in memory or in a table.
    return reply.text, json.loads(state)
