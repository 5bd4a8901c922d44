"""A bot that says again what it was told, word by word: to try streaming without any model."""

import re
import time
from collections.abc import Generator

from bot.models import Message, Outcome, Snapshot
from bot.ports import Call

PAUSE_MILLISECONDS = 30
MOST_TIMES = 10_000

_WISH = re.compile(r"([0-9]{1,5})(?::([0-9]{1,3}))? (.*)", re.DOTALL)


class Talker:
    """Streams its reply: `3 la` makes `la0 la1 la2 `, `3:5 la` that with 5 ms before each word."""

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome]:
        """See `bot.ports.StreamingBot`."""
        wish = _WISH.fullmatch(message.text)
        times, pause, words = wish.groups() if wish else ("1", None, message.text)
        for number in range(min(int(times), MOST_TIMES)):
            for word in words.split():
                time.sleep(int(pause or PAUSE_MILLISECONDS) / 1000)
                yield f"{word}{number} " if wish else f"{word} "
        return Outcome({"said": snapshot.state.get("said", 0) + 1})
