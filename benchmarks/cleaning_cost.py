"""What a row costs that the cleaner reaps: tables of which most is dead, on the embedded engine.

Run as `PYTHONPATH=src:. python benchmarks/cleaning_cost.py [--rows N]`; prints Markdown. What is
counted, and how, is told in docs/benchmarks.md.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from benchmarks.turn_cost_engine import CONNECTIONS, Ground, dynamodb, ground
from benchmarks.turn_cost_meter import Cost
from bot.connections.cleaning import Cleaned, Cleaning
from bot.errors import ConnectionGone
from bot.models import Connection
from bot.wire.answers import timestamp
from store.dynamo.attributes import Item, string
from store.dynamo.census import DynamoConnectionCensus
from store.dynamo.connections import activity_of, row_of
from store.dynamo.table import Table

ROWS = 20_000
ROWS_OF_A_KIND = 500
BATCH = 25
"""What BatchWriteItem takes."""

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEP = timedelta(milliseconds=5)
"""How far the clock goes each time that it is asked: the same work is cut off at the same place
however fast the machine is."""

MOST_RUNS = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of row. `opened` so many minutes ago; `share` of 1,000 rows; `open` at @connections.

    `ended` and `token` in minutes from now, None for never.
    """

    name: str
    share: int
    opened: int
    open: bool = False
    ended: int | None = None
    token: int | None = None
    dead: bool = True


KINDS = (
    Kind("ended by its `$disconnect`", 900, opened=70, ended=-50),
    Kind("`$disconnect` lost, younger than 2 hours", 50, opened=70),
    Kind("`$disconnect` lost, older than 2 hours", 20, opened=150),
    Kind("credential run out, gone", 10, opened=70, token=-20),
    Kind("credential run out, still open", 10, opened=70, token=-20, open=True),
    Kind("alive, not seen for half an hour", 3, opened=70, open=True, dead=False),
    Kind("alive, renewed", 2, opened=70, open=True, token=500, dead=False),
    Kind("alive, opened lately", 5, opened=10, open=True, dead=False),
)


class Clock:
    """Moves on a step each time it is asked."""

    def __init__(self) -> None:
        self._now = START
        self._lock = Lock()

    def __call__(self) -> datetime:
        with self._lock:
            self._now += STEP
            return self._now


class Gate:
    """@connections, and what it was asked."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.calls: Counter[str] = Counter()
        self._lock = Lock()

    def is_open(self, connection_id: str) -> bool:
        """See the port."""
        with self._lock:
            self.calls["GET"] += 1
            return connection_id in self.open

    def close(self, connection_id: str) -> None:
        """See the port."""
        with self._lock:
            self.calls["DELETE"] += 1
            if connection_id not in self.open:
                raise ConnectionGone
            self.open.discard(connection_id)


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of a population, and what that cost."""

    runs: tuple[Cleaned, ...]
    cost: Cost
    calls: Counter[str]
    kept: frozenset[str]
    alive: frozenset[str]
    open: frozenset[str]
    seconds: float


def measure(here: Ground, kinds: Sequence[Kind], rows: int, run: timedelta) -> Measured:
    """Seed `rows` in the kinds' proportions, and clean in runs of `run` until one finds no end."""
    gate, clock = Gate(), Clock()
    seeded = list(_population(kinds, rows))
    gate.open = {connection.connection_id for kind, connection in seeded if kind.open}
    _seed([_row(kind, connection) for kind, connection in seeded])
    census = DynamoConnectionCensus(Table(dynamodb(), CONNECTIONS))
    cleaning = Cleaning(census, gate, clock, random.Random(7).shuffle)
    began = time.perf_counter()
    runs: list[Cleaned] = []
    with here.meter.counting() as cost:
        while not runs or not runs[-1].finished:
            if len(runs) == MOST_RUNS:
                raise RuntimeError("the cleaner comes to no end")
            runs.append(cleaning.run(clock() + run))
    return Measured(
        tuple(runs),
        cost,
        gate.calls,
        kept=frozenset(_connection_ids()),
        alive=frozenset(each.connection_id for kind, each in seeded if not kind.dead),
        open=frozenset(gate.open),
        seconds=time.perf_counter() - began,
    )


def clear() -> None:
    """Leave no row."""
    client = dynamodb()
    for page in client.get_paginator("scan").paginate(TableName=CONNECTIONS):
        for row in page["Items"]:
            key = {name: row[name] for name in ("userId", "connectionId")}
            client.delete_item(TableName=CONNECTIONS, Key=key)


def _population(kinds: Sequence[Kind], rows: int) -> Iterator[tuple[Kind, Connection]]:
    """Connections of all kinds, mixed; a user has three."""
    of_all = sum(kind.share for kind in kinds)
    many = [kind for kind in kinds for _ in range(rows * kind.share // of_all)]
    random.Random(3).shuffle(many)
    for number, kind in enumerate(many):
        opened = START - timedelta(minutes=kind.opened, milliseconds=number)
        token = kind.token
        yield (
            kind,
            Connection(
                user_id=f"guest:{number // 3:064x}",
                connection_id=f"{number:015x}=",
                domain_name="a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
                stage="prod",
                connected_at=opened,
                authorized_until=(
                    None if token is None else (START + timedelta(minutes=token)).timestamp()
                ),
            ),
        )


def _row(kind: Kind, connection: Connection) -> Item:
    row = row_of(connection)
    if kind.ended is None:
        return row
    ended = START + timedelta(minutes=kind.ended)
    inactive = activity_of(connection.connection_id, active=False)
    return {**row, "active": inactive, "lastSeen": string(timestamp(ended))}


def _seed(rows: Sequence[Item]) -> None:
    client = dynamodb()
    for first in range(0, len(rows), BATCH):
        puts = [{"PutRequest": {"Item": row}} for row in rows[first : first + BATCH]]
        left: Any = {CONNECTIONS: puts}
        while left:
            left = client.batch_write_item(RequestItems=left)["UnprocessedItems"]


def _connection_ids() -> Iterator[str]:
    for page in dynamodb().get_paginator("scan").paginate(TableName=CONNECTIONS):
        yield from (row["connectionId"]["S"] for row in page["Items"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of the mixed table")
    rows = parser.parse_args(arguments).rows
    with ground() as here:
        print("| a row whose connection is | DynamoDB requests | write units | @connections |")
        print("|---|---|---|---|")
        for kind in KINDS:
            print(_of_a_kind(kind, measure(here, [kind], ROWS_OF_A_KIND, timedelta(hours=1))))
            clear()
        print(_of_all(measure(here, KINDS, rows, timedelta(seconds=rows / 400)), rows))


def _of_a_kind(kind: Kind, measured: Measured) -> str:
    by_name = Counter(each.operation for each in measured.cost.requests)
    listed = by_name.pop("Query")
    requests = " + ".join(name for name, number in by_name.items() if number == ROWS_OF_A_KIND)
    calls = " + ".join(measured.calls)
    units = measured.cost.write_units / ROWS_OF_A_KIND
    assert sum(by_name.values()) % ROWS_OF_A_KIND == 0, (by_name, listed)
    return f"| {kind.name} | {requests or 'none'} | {units:g} | {calls or 'none'} |"


def _of_all(measured: Measured, rows: int) -> str:
    reaped = sum(run.reaped for run in measured.runs)
    wrong = (measured.alive ^ measured.kept) | (measured.alive - measured.open)
    cost = measured.cost
    return (
        f"\n{rows:,} rows, {len(measured.alive):,} of them alive: {reaped:,} reaped in "
        f"{len(measured.runs)} runs, {len(wrong)} wrongly; a reaped row took "
        f"{len(cost.requests) / reaped:.3f} requests, {cost.write_units / reaped:.3f} write units, "
        f"{cost.read_units / reaped:.3f} read units, {sum(measured.calls.values()) / reaped:.3f} "
        f"calls of @connections, and {measured.seconds / reaped * 1000:.1f} ms."
    )


if __name__ == "__main__":
    main()
