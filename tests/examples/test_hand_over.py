"""The bots of the support inbox, called: what they say, what they push, what they remember."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Message, Outcome, Snapshot, State
from bot.ports import Call
from bots.echo import Echo
from support_inbox.bot import SupportInbox
from support_inbox.desk import case_of
from support_inbox.operators import operators_of
from support_inbox.outgoing import ByQueue, Outgoing
from tests.support.model_calls import NOON, Attempt, spoken

ANNA, BEN = "user:id.example:anna", "user:id.example:ben"
CORA = ConversationKey("guest:cora", "main")
CASE = case_of(CORA)


class Told:
    """What was pushed, and the state that it left."""

    def __init__(self) -> None:
        self.pushes: list[Outgoing] = []

    def __call__(self, outgoing: Outgoing, call: Call) -> None:
        self.pushes.append(outgoing)

    def to(self, user_id: str, conversation_id: str) -> list[tuple[str, str]]:
        """The kinds and texts, in their order."""
        key = ConversationKey(user_id, conversation_id)
        return [(each.content["kind"], each.text) for each in self.pushes if each.to == key]

    def state(self, key: ConversationKey, before: State | None = None) -> dict[str, Any]:
        """The state of a conversation after all that was pushed to it."""
        state = dict(before or {})
        for each in self.pushes:
            state.update(each.state if each.to == key else {})
        return state


@pytest.fixture
def told() -> Told:
    return Told()


def inbox(told: Told) -> SupportInbox:
    return SupportInbox({"BOT_SETTINGS": f"Anna={ANNA},Ben={BEN}"}, Echo(), told)


def said(
    bot: SupportInbox, key: ConversationKey, text: str, state: Mapping[str, Any]
) -> tuple[str, Outcome]:
    """What the bot says, and leaves."""
    call = Attempt()
    call.conversation = key
    turns = (replace(spoken(6, "before", "it"), state=state),)
    stream = bot.stream(Snapshot("epoch", 6, turns), Message("m", text, NOON), call)
    words = []
    while True:
        try:
            words.append(next(stream))
        except StopIteration as end:
            return "".join(words), end.value


def test_operators_are_told_what_is_said_and_the_bot_has_its_own_state(told: Told) -> None:
    words, outcome = said(inbox(told), CORA, "hi", {"bot": {"count": 4}})
    assert words == "You said: hi (5)"
    assert (outcome.state, outcome.silent) == ({"bot": {"count": 5}}, False)
    for operator in (ANNA, BEN):
        assert told.to(operator, CASE) == [("said", "hi"), ("replied", "You said: hi (5)")]
        assert told.to(operator, "inbox") == []


def test_every_attempt_pushes_under_the_same_names(told: Told) -> None:
    for _ in range(2):
        said(inbox(told), CORA, "a person please", {})
    first, second = told.pushes[: len(told.pushes) // 2], told.pushes[len(told.pushes) // 2 :]
    assert first == second
    assert len({(each.to, each.name) for each in first}) == len(first)


def test_a_person_takes_over_writes_and_hands_back(told: Told) -> None:
    bot, anna = inbox(told), ConversationKey(ANNA, CASE)
    _, outcome = said(bot, CORA, "a person please", {})
    assert outcome.state == {"waiting": True}
    assert told.to(BEN, "inbox") == [("waiting", "a person please")]

    words, taken = said(bot, anna, "/join", told.state(anna))
    assert (words, taken.silent, taken.state["operator"]) == ("", True, "Anna")
    cora = told.state(CORA, outcome.state)
    assert cora == {"waiting": False, "operator": "Anna"}
    assert told.state(ConversationKey(BEN, CASE))["operator"] == "Anna"

    words, silent = said(bot, CORA, "hello?", cora)
    assert (words, silent.silent, silent.state) == ("", True, cora)
    assert said(bot, anna, "Here I am", taken.state)[1].silent
    said(bot, anna, "/leave", taken.state)
    assert told.to(*_pair(CORA)) == [
        ("joined", "Anna has joined the conversation."),
        ("wrote", "Here I am"),
        ("left", "Anna has left; the bot answers again."),
    ]
    assert said(bot, CORA, "again", told.state(CORA, cora))[0] == "You said: again (1)"


@pytest.mark.parametrize("text", ["a secret", "/leave", "/joined"])
def test_who_has_not_taken_over_writes_to_nobody(told: Told, text: str) -> None:
    customer = {"userId": CORA.user_id, "conversationId": CORA.conversation_id}
    state = {"customer": customer, "operator": "Ben"}
    words, outcome = said(inbox(told), ConversationKey(ANNA, CASE), text, state)
    assert (words[:9], outcome.state) == ("Not sent:", state)
    assert {each.to for each in told.pushes} == {ConversationKey(ANNA, "inbox")}


@pytest.mark.parametrize(
    ("holder", "text", "kind"),
    [("Ben", "hello?", "joined"), (None, "/leave", "left"), ("Anna", "/join", "joined")],
)
def test_whose_page_shows_a_case_as_it_is_not_is_told_how_it_is(
    told: Told, holder: str | None, text: str, kind: str
) -> None:
    customer = {"userId": CORA.user_id, "conversationId": CORA.conversation_id}
    state = {"customer": customer, "operator": holder}
    said(inbox(told), ConversationKey(ANNA, CASE), text, state)
    (reminder,) = told.pushes
    assert (reminder.to, reminder.state) == (ConversationKey(ANNA, "inbox"), {})
    assert reminder.content == {
        "kind": kind,
        "name": holder,
        "case": CASE,
        "yours": holder == "Anna",
    }


def test_a_customer_is_no_operator_whatever_they_write_and_wherever(told: Told) -> None:
    forged = ConversationKey("guest:mallory", CASE)
    said(inbox(told), forged, "/join", {})
    assert {each.to.user_id for each in told.pushes} == {ANNA, BEN}
    assert {each.content["kind"] for each in told.pushes} == {"said", "replied"}


@pytest.mark.parametrize("settings", ["Anna", "Anna=anna", f"={ANNA}", f"A={ANNA},B={ANNA}"])
def test_a_list_of_operators_that_makes_no_sense_fails_the_start(settings: str) -> None:
    with pytest.raises(ValueError, match="operators"):
        operators_of(settings)


def test_a_queue_that_does_not_answer_is_asked_again_while_there_is_time() -> None:
    class Queue:
        tries = 0

        def put(self, body: str, group: str, name: str) -> None:
            self.tries += 1
            if self.tries < 4:
                raise StoreUnavailable("The queue cannot be reached now.")

    waits: list[float] = []
    queue = Queue()
    push = ByQueue(lambda: queue, waits.append)
    outgoing = Outgoing(CORA, "n", "hi", {}, {})
    push(outgoing, Attempt())
    assert (queue.tries, waits) == (4, [0.2, 0.4, 0.8])
    queue.tries = 0
    with pytest.raises(StoreUnavailable):
        push(outgoing, Attempt(seconds=5))


def _pair(key: ConversationKey) -> tuple[str, str]:
    return key.user_id, key.conversation_id
