"""Names of items. A conversation id never holds the delimiter: `bot.wire.frames` sees to that."""

from bot.limits import MAX_SEQ
from bot.models import ConversationKey

CONVERSATION = "conversation#"


def turn_id(key: ConversationKey, seq: int) -> str:
    """`turn#<conversationId>#<seq, ten digits>`: in a Query, turns stand in the order of `seq`."""
    return f"turn#{key.conversation_id}#{seq:010d}"


def first_turn_id(key: ConversationKey) -> str:
    """The lower bound of a conversation's turns."""
    return turn_id(key, 0)


def last_turn_id(key: ConversationKey) -> str:
    """The upper bound of a conversation's turns."""
    return turn_id(key, MAX_SEQ)


def turns_after(conversation_id: str | None) -> tuple[str, str]:
    """Between these two lie all turns of all conversations behind that one.

    `$` follows `#` and comes before whatever an id may hold.
    """
    return f"turn#{conversation_id}$" if conversation_id else "turn#", "turn$"


def conversation_item_id(conversation_id: str) -> str:
    """What the list of conversations shows of one."""
    return CONVERSATION + conversation_id


def fork_id(key: ConversationKey, fork: ConversationKey) -> str:
    """`fork#<conversationId>#<the fork's>`: who begins in the log of the first."""
    return f"fork#{key.conversation_id}#{fork.conversation_id}"


def fork_of_id(item_id: str) -> str:
    """The fork that an item id names."""
    return item_id.rpartition("#")[2]


def seq_of(item_id: str) -> int:
    """The `seq` that a turn's item id names."""
    return int(item_id.rpartition("#")[2])


def conversation_of_turn(item_id: str) -> str:
    """The conversation that a turn's item id names."""
    return item_id.removeprefix("turn#").rpartition("#")[0]


def conversation_id_of(item_id: str) -> str:
    """The conversation that an item id names."""
    return item_id.removeprefix(CONVERSATION)
