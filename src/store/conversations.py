"""The SessionsTable: the turns of conversations, and the list of them."""

from store.conversation_list import DynamoConversationList
from store.forks import DynamoForks
from store.moves import DynamoMoves
from store.replies import DynamoReplies
from store.turn_log import DynamoTurnLog


class DynamoConversationStore(
    DynamoTurnLog, DynamoReplies, DynamoConversationList, DynamoMoves, DynamoForks
):
    """`bot.ports.ConversationStore` on DynamoDB."""
