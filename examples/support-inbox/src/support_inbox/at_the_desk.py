"""The operators' side: what they write into a case goes to its customer."""

from collections.abc import Generator

from bot.models import ConversationKey, Message, Outcome, Snapshot
from bot.ports import Call
from support_inbox.desk import JOINED, LEFT, WROTE, Desk, News, customer_of

JOIN = "/join"
LEAVE = "/leave"

NO_CASE = "This is no customer’s conversation."
NOT_YOURS = "Not sent: take the conversation over first."


class AtTheDesk:
    """Answers operators, in their own conversations: mostly by silence.

    A case's state holds its `customer`, and `operator`, the name of who has it.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome]:
        """See `bot.ports.StreamingBot`."""
        state, author = snapshot.state, call.conversation.user_id
        customer, name = customer_of(state), self._desk.operators[author]
        if customer is None:
            yield NO_CASE
            return Outcome(state)
        has_it = state.get("operator") == name
        news = _news(message.text, name, author)
        if has_it is (news.kind == JOINED):
            # The page would have offered neither: it was told of the hand-overs in another order,
            # or the customer began anew.
            self._desk.remind(call, customer, author, state.get("operator"))
            if has_it:
                return Outcome(state, silent=True)
            yield NOT_YOURS
            return Outcome(state)
        self._tell(call, customer, news)
        return Outcome({**state, "operator": news.operator}, silent=True)

    def _tell(self, call: Call, customer: ConversationKey, news: News) -> None:
        self._desk.tell_customer(call, customer, news)
        self._desk.tell_operators(call, customer, news)


def _news(text: str, name: str, author: str) -> News:
    command = text.strip()
    if command == JOIN:
        return News(JOINED, f"{name} has joined the conversation.", name, author)
    if command == LEAVE:
        return News(LEFT, f"{name} has left; the bot answers again.", None, author)
    return News(WROTE, text, name, author)
