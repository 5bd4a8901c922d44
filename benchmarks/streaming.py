"""What streaming costs: posts, time to the first delta, DynamoDB, memory.

Run as `PYTHONPATH=src:. python benchmarks/streaming.py [--quick]`; prints Markdown tables. A model
that says a token every few milliseconds is shown to one device whose every frame takes a while, by
Parley and by a bare loop that posts each token as it comes, runs interleaved. Then streamed turns
go the real way, early and late in one conversation, against the embedded engine, and DynamoDB's
requests are counted. It judges nothing: exit code 0.
"""

import argparse
import io
import statistics
import time
import tracemalloc
from collections.abc import Callable, Generator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import uuid4

from benchmarks.turn_cost import LONGEST_USER
from benchmarks.turn_cost_engine import ground
from benchmarks.turn_cost_meter import Cost
from benchmarks.turn_cost_parley import Parley
from bot.models import (
    Connection,
    ConversationKey,
    Message,
    Order,
    Outcome,
    Snapshot,
    Status,
    Usage,
)
from bot.ports import Call
from bot.replies.replying import Replying
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from delivery.audience import LiveAudience
from handlers.setup.composition import new_id, now
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support.turns import a_turn

TOKENS = 1_000
TOKEN_SECONDS = 0.008
POST_SECONDS = 0.02
"""What a PostToConnection takes within a region, about."""

KEY = ConversationKey("guest:benchmark", "main")
SPEAKER = "benchmarks.streaming:Speaker"


class Speaker:
    """Says tokens at a model's pace."""

    def __init__(self, tokens: int = 200, seconds: float = 0.001, token: str = "token ") -> None:
        self._tokens, self._seconds, self._token = tokens, seconds, token

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome]:
        """See `bot.ports.StreamingBot`."""
        for _ in range(self._tokens):
            time.sleep(self._seconds)
            yield self._token
        return Outcome({"said": snapshot.state.get("said", 0) + 1})


class SlowWire:
    """A `FrameSender` that takes its time and counts."""

    def __init__(self) -> None:
        self.posts = 0
        self.first_at = 0.0

    def send(self, connection_id: str, frame: bytes) -> None:
        """See the port."""
        self.posts += 1
        time.sleep(POST_SECONDS)
        self.first_at = self.first_at or time.perf_counter()

    def close(self, connection_id: str) -> None:
        """See the port."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How one reply was shown."""

    posts: int
    first_ms: float
    seconds: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs, turn 1,000 at most")
    quick = parser.parse_args().quick
    ways = {"Parley": by_parley, "a bare loop, a post a token": by_bare_loop}
    runs = [{name: shown(way) for name, way in ways.items()} for _ in range(1 if quick else 3)]
    print(shown_table(runs))
    print()
    print(cost_table((10, 1_000) if quick else (10, 10_000)))
    print()
    print(memory_table())


def shown(way: Callable[[Speaker, SlowWire], object]) -> Shown:
    """Show one reply."""
    wire = SlowWire()
    start = time.perf_counter()
    way(Speaker(TOKENS, TOKEN_SECONDS), wire)
    end = time.perf_counter()
    return Shown(wire.posts, (wire.first_at - start) * 1_000, end - start)


def by_parley(bot: Speaker, wire: SlowWire) -> object:
    """As the reply function does it, with stores in memory."""
    store = MemoryConversationStore()
    pending = replace(
        a_turn(1, created_at=now()),
        reply="",
        state={},
        status=Status.PENDING,
        completed_at=None,
        lease_until=time.time() + 10,
    )
    store.append(KEY, pending)
    connections = MemoryConnectionStore()
    connections.add(Connection(KEY.user_id, "connection=", "api.example", "prod", now()))
    replying = Replying(
        store=store,
        log=Log(store, now),
        cache=TailCache(),
        bot=bot,
        audience=partial(LiveAudience, wire, connections, now),
        lease=timedelta(seconds=15),
        clock=now,
        new_id=new_id,
        pause=lambda tries: None,
    )
    order = Order(KEY, 1, pending.epoch, pending.owner, "connection=")
    return replying.write(order, now() + timedelta(minutes=5))


def by_bare_loop(bot: Speaker, wire: SlowWire) -> object:
    """As the first sample that one finds does it."""
    said = bot.stream(Snapshot("", 0, ()), Message("m", "hello", now()), NoCall())
    for token in said:
        wire.send("connection=", token.encode())
    return None


class NoCall:
    """A `bot.ports.Call` that nobody ends."""

    key = "benchmark"
    conversation = ConversationKey("guest:benchmark", "main")

    def seconds_left(self) -> float:
        """See the port."""
        return 300

    def on_stop(self, close: Callable[[], object]) -> None:
        """See the port."""

    def used(self, usage: Usage) -> None:
        """See the port."""


def shown_table(runs: list[dict[str, Shown]]) -> str:
    """Medians."""
    lines = [
        f"| {TOKENS:,} tokens, one each {TOKEN_SECONDS * 1000:g} ms, a post takes "
        f"{POST_SECONDS * 1000:g} ms | posts | ms to the first | seconds |",
        "|---|---:|---:|---:|",
    ]
    for name in runs[0]:
        each = [run[name] for run in runs]
        lines.append(
            f"| {name} | {statistics.median(one.posts for one in each):,.0f} "
            f"| {statistics.median(one.first_ms for one in each):.0f} "
            f"| {statistics.median(one.seconds for one in each):.1f} |"
        )
    return "\n".join(lines)


def cost_table(turns: tuple[int, ...]) -> str:
    """DynamoDB's requests, write units and read units of a streamed turn."""
    lines = ["| requests / write units / read units | " + " | ".join(f"turn {t:,}" for t in turns)]
    lines = [lines[0] + " |", "|---" * (len(turns) + 1) + "|"]
    with ground() as here, redirect_stdout(io.StringIO()):
        parley = Parley(here, LONGEST_USER, str(uuid4()), SPEAKER)
        streamed(parley, 1)
        found = [streamed(parley, turn) for turn in turns]
    for part, name in enumerate(("message function, warm", "reply function")):
        lines.append(f"| {name} | " + " | ".join(str(each[part]) for each in found) + " |")
    return "\n".join(lines)


def streamed(parley: Parley, turn: int) -> tuple[Cost, Cost]:
    """Take turn `turn`, by functions that have served the one before it."""
    message, reply = parley.function(), parley.reply_function()
    parley.fill(turn - 2)
    parley.resume(message)
    for seq in range(max(turn - 1, 1), turn + 1):
        asked, order = parley.ask(message, seq)
        written, _ = parley.write(reply, order)
    listed = asked.part("conversation")
    return asked.without("conversation") if listed.requests else asked, written


def memory_table() -> str:
    """What the worker's memory grows by over replies of two sizes."""
    lines = ["| a reply of | peak of the worker's memory, KB |", "|---|---:|"]
    for size in (64_000, 1_000_000):
        tracemalloc.start()
        by_parley(Speaker(size // 1_000, 0, "x" * 999 + " "), SlowWire())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        lines.append(f"| {size:,} characters | {peak / 1024:,.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
