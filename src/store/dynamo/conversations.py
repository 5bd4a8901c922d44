"""The SessionsTable: the turns of conversations, and the list of them."""

from store.dynamo.conversation_list import DynamoConversationList
from store.dynamo.forks import DynamoForks
from store.dynamo.moves import DynamoMoves
from store.dynamo.replies import DynamoReplies
from store.dynamo.turn_log import DynamoTurnLog


class DynamoConversationStore(
    DynamoTurnLog, DynamoReplies, DynamoConversationList, DynamoMoves, DynamoForks
):
    """`bot.ports.ConversationStore` on DynamoDB."""
