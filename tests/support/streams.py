"""Bots that stream, those who listen to them, and functions that write their replies."""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any

from bot.models import Message, Order, Outcome, Snapshot, Spent, Turn
from bot.ports import Call, ConversationStore, StreamingBot
from bot.replies.replying import Replying, Written
from bot.replies.spending import Spending
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from tests.support.clock import FakeClock, Ids
from tests.support.turns import MAIN
from tests.support.workers import Orders, Worker, no_pause

Streaming = Callable[[Snapshot, Message, Call], Generator[str, None, Outcome | None]]

LEASE = timedelta(seconds=10)
PATIENCE_SECONDS = 20
_ids = Ids("writer")


class Talking:
    """Streams what a test's generator says, and remembers what it was asked."""

    def __init__(self, streaming: Streaming) -> None:
        self._streaming = streaming
        self.asked: list[tuple[Snapshot, Message, Call]] = []

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome | None]:
        """See the port."""
        self.asked.append((snapshot, message, call))
        return self._streaming(snapshot, message, call)


def repeating(
    snapshot: Snapshot, message: Message, call: Call
) -> Generator[str, None, Outcome | None]:
    """Says the message word by word, and counts in its state."""
    for word in message.text.split():
        yield f"{word} "
    return Outcome({"count": int(snapshot.state.get("count", 0)) + 1})


class Heard:
    """An audience that notes what it was told."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.looks = 0
        self.finished: str | None = None
        self.closed = False

    def show(self, text: str) -> None:
        """See `bot.replies.replying.Audience`."""
        assert not self.closed
        self.shown.append(text)

    def look(self) -> Spent:
        """See `bot.replies.replying.Audience`."""
        self.looks += 1
        return Spent()

    def finish(self, text: str) -> None:
        """See `bot.replies.replying.Audience`."""
        assert not self.closed
        self.finished = text

    def close(self) -> None:
        """See `bot.replies.replying.Audience`."""
        self.closed = True


class Writer:
    """A function that writes replies, and those who listened to each."""

    def __init__(
        self,
        store: ConversationStore,
        clock: FakeClock,
        bot: StreamingBot | None = None,
        heard: Callable[[], Heard] = Heard,
        pause: Callable[[int], None] = no_pause,
        spending: Spending | None = None,
    ) -> None:
        self.audiences: list[Heard] = []
        self._clock = clock

        def audience(order: Order, turn: Turn) -> Heard:
            self.audiences.append(heard())
            return self.audiences[-1]

        self._replying = Replying(
            store=store,
            log=Log(store, clock),
            cache=TailCache(),
            bot=bot or Talking(repeating),
            audience=audience,
            lease=LEASE,
            clock=clock,
            new_id=_ids,
            pause=pause,
            spending=spending,
        )

    @property
    def heard(self) -> Heard:
        """Those who listened to the latest."""
        return self.audiences[-1]

    def write(self, order: Order, until: datetime | None = None) -> Written | None:
        """Write the reply that was ordered."""
        return self._replying.write(order, until or self._clock() + timedelta(minutes=5))


def ordered(
    store: ConversationStore, clock: FakeClock, text: str = "one two", **said: Any
) -> Order:
    """The order of a message that was just accepted."""
    orders = Orders()
    worker = Worker(store, clock, bot=Talking(repeating), starter=orders)
    head = store.newest(MAIN, 1).turns
    worker.say(f"m{head[0].seq + 1 if head else 1}", text, **said)
    return orders.made[0]


def kept(store: ConversationStore, seq: int = 1) -> Turn:
    """A turn as it is kept now."""
    turn = store.turn(MAIN, seq)
    assert turn
    return turn
