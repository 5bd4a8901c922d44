"""What a conversation is called, and all else that a list shows of it, made from one turn."""

from bot.models import Conversation, ConversationKey, Turn

TITLE_CHARACTERS = 60
"""Of its first message that a conversation is called by until it is renamed."""


def describe(key: ConversationKey, turn: Turn) -> Conversation:
    """The entry in the list of conversations that this turn alone would make."""
    # What lapses is shown no more after that, as a title neither.
    words = "" if turn.lapses_at else turn.text or turn.reply
    return Conversation(
        conversation_id=key.conversation_id,
        epoch=turn.epoch,
        title=" ".join(words.split())[:TITLE_CHARACTERS],
        created_at=turn.created_at,
        updated_at=turn.created_at,
    )
