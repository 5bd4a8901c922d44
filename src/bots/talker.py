"""A bot that says again what it was told, word by word: to try streaming without any model."""

import time
from collections.abc import Generator

from bot.models import Message, Outcome, Snapshot
from bot.ports import Call

PAUSE_SECONDS = 0.03


class Talker:
    """Streams its reply: the message, as often as its first word says."""

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome]:
        """See `bot.ports.StreamingBot`."""
        first, _, rest = message.text.partition(" ")
        times = min(int(first), 10_000) if first.isdigit() else 1
        for number in range(times):
            for word in (rest if first.isdigit() else message.text).split():
                time.sleep(PAUSE_SECONDS)
                yield f"{word}{number} " if first.isdigit() else f"{word} "
        return Outcome({"said": snapshot.state.get("said", 0) + 1})
