"""The SessionsTable: the turns of conversations, and the list of them."""

from store.conversation_list import DynamoConversationList
from store.turn_log import DynamoTurnLog


class DynamoConversationStore(DynamoTurnLog, DynamoConversationList):
    """`bot.ports.ConversationStore` on DynamoDB."""
