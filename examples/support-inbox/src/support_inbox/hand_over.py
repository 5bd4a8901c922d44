"""The customers' side: a bot that falls silent while a person has its conversation."""

import re
from collections.abc import Generator
from dataclasses import replace

from bot.models import Message, Outcome, Snapshot, State
from bot.ports import Bot, Call, StreamingBot
from bot.replies.answering import in_pieces
from support_inbox.desk import REPLIED, SAID, WAITING, Desk, News

ASKS_FOR_A_PERSON = re.compile(r"\b(person|human|operator|agent|colleague)\b", re.IGNORECASE)

CALLED = "I have asked my colleagues. Somebody will join us here; until then I am still with you."

Pieces = Generator[str, None, Outcome | None]


class HandOver:
    """Any bot, and operators who are told what is said and may take its place.

    `snapshot.state` holds `operator`, the name of who has the conversation, set and cleared by what
    they push; `waiting`, once a person was asked for; and the bot's own state as `bot`.
    """

    def __init__(self, bot: Bot | StreamingBot, desk: Desk) -> None:
        self._bot = in_pieces(bot)
        self._desk = desk

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome]:
        """See `bot.ports.StreamingBot`."""
        state = snapshot.state
        operator = state.get("operator")
        self._tell(call, News(SAID, message.text, operator))
        if operator:
            return Outcome(state, silent=True)
        if ASKS_FOR_A_PERSON.search(message.text) and not state.get("waiting"):
            self._tell(call, News(WAITING, message.text, None))
            self._tell(call, News(REPLIED, CALLED, None))
            yield CALLED
            return Outcome({**state, "waiting": True})
        said: list[str] = []
        its_own = _with_state(snapshot, state.get("bot", {}))
        outcome = yield from _kept(self._bot.stream(its_own, message, call), said)
        if any(said):
            self._tell(call, News(REPLIED, "".join(said), None))
        outcome = outcome or Outcome(its_own.state)
        return replace(outcome, state={**state, "bot": dict(outcome.state)})

    def _tell(self, call: Call, news: News) -> None:
        self._desk.tell_operators(call, call.conversation, news)


def _with_state(snapshot: Snapshot, state: State) -> Snapshot:
    """The conversation as if the bot had it for itself."""
    if not snapshot.turns:
        return snapshot
    *before, newest = snapshot.turns
    return replace(snapshot, turns=(*before, replace(newest, state=state)))


def _kept(pieces: Pieces, said: list[str]) -> Pieces:
    """Pass on what is said, and keep it."""
    try:
        while True:
            piece = next(pieces)
            said.append(piece)
            yield piece
    except StopIteration as end:
        outcome: Outcome | None = end.value
        return outcome
    finally:
        pieces.close()
