"""What operators are told: each customer's conversation as one of their own, and an overview."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.models import ConversationKey
from bot.ports import Call
from support_inbox.operators import Operators
from support_inbox.outgoing import Outgoing, Push

INBOX = "inbox"
"""The operators' conversation that tells of every hand-over, in their order."""

# What a push says it is, as `kind` in its `content`.
SAID = "said"
REPLIED = "replied"
WAITING = "waiting"
JOINED = "joined"
WROTE = "wrote"
LEFT = "left"

HAND_OVERS = frozenset({WAITING, JOINED, LEFT})


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened in a customer's conversation; `operator` has it since, if any.

    `author` is the operator whose doing it is: their own case has it already.
    """

    kind: str
    text: str
    operator: str | None
    author: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Tells customers and operators."""

    operators: Operators
    push: Push

    def tell_customer(self, call: Call, customer: ConversationKey, news: News) -> None:
        """Push what an operator did to the customer; from then on the bot knows it."""
        content = {"kind": news.kind, "name": self.operators[news.author]}
        state = {"operator": news.operator, "waiting": False}
        name = f"{call.key}/{news.kind}"
        self.push(Outgoing(customer, name, news.text, content, state), call)

    def tell_operators(self, call: Call, customer: ConversationKey, news: News) -> None:
        """Push it to every operator: to the customer's case, hand-overs to the overview too."""
        case = case_of(customer)
        # The same attempt after attempt; what a model says may be another each time.
        name = f"{call.key}/{news.kind}-{_digest(news.text, 12)}"
        content: dict[str, Any] = {"kind": news.kind}
        if news.author:
            content["name"] = self.operators[news.author]
        state = {"customer": _as_json(customer), "operator": news.operator}
        for user_id in self.operators:
            if user_id != news.author:
                to = ConversationKey(user_id, case)
                self.push(Outgoing(to, name, news.text, content, state), call)
            if news.kind in HAND_OVERS:
                entry = {**content, "case": case, "yours": user_id == news.author}
                to = ConversationKey(user_id, INBOX)
                self.push(Outgoing(to, name, news.text, entry, {}), call)

    def remind(
        self, call: Call, customer: ConversationKey, operator: str, name: str | None
    ) -> None:
        """Push to one operator's overview who has a case, since their page shows it otherwise."""
        text = f"{name} has the conversation." if name else "The bot has the conversation."
        content = {
            "kind": JOINED if name else LEFT,
            "name": name,
            "case": case_of(customer),
            "yours": name == self.operators[operator],
        }
        to = ConversationKey(operator, INBOX)
        self.push(Outgoing(to, f"{call.key}/reminder", text, content, {}), call)


def case_of(customer: ConversationKey) -> str:
    """The operators' conversation about a customer's."""
    return "case-" + _digest(f"{customer.user_id}\n{customer.conversation_id}", 40)


def customer_of(state: Mapping[str, Any]) -> ConversationKey | None:
    """Whose case this is, as `Desk` told it; None in any other conversation."""
    found = state.get("customer")
    return ConversationKey(found["userId"], found["conversationId"]) if found else None


def _as_json(key: ConversationKey) -> dict[str, str]:
    return {"userId": key.user_id, "conversationId": key.conversation_id}


def _digest(text: str, characters: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:characters]
