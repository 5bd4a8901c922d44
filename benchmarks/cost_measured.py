"""What a chat turn, a push and a turn of AWS's sample use of what AWS charges for: measured."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil
from typing import Any
from uuid import uuid4

from aws_lambda_powertools.logging import Logger
from samtranslator.yaml_helper import yaml_parse

from benchmarks import turn_cost
from benchmarks.rivals import OneItem, run
from benchmarks.turn_cost import LONGEST_USER
from benchmarks.turn_cost_engine import CONNECTIONS, SESSIONS, TEMPLATE, Ground, dynamodb
from benchmarks.turn_cost_meter import Cost, item_size
from benchmarks.turn_cost_parley import FUNCTION, FiveMinutes, Parley
from benchmarks.turn_cost_samples import sample
from handlers import push
from handlers.incoming.push_lanes import LANES_AT_ONCE
from handlers.setup import composition
from handlers.setup.settings import PushSettings
from store.dynamo.attributes import string
from store.dynamo.census import DynamoConnectionCensus
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.table import Table

CALL_MS = 10
"""Assumed of each call of a function to AWS; calls are made one after the other."""

OWN_MS = 5
"""Assumed of the function's own work."""

PLATFORM_LOG_BYTES = 350
"""Assumed of Lambda's own lines (START, END, REPORT) for an invocation."""

TURNS, MINUTES = 10, 20
"""Assumed of a chat: so many turns in so many minutes, one connection."""

PING_MINUTES = 4
"""How often the client library pings; the function answers."""

BATCH = 10
METERED_BYTES = 32 * 1024

ITEM_BYTES = 100
"""Charged with each item that is kept:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one of something uses, by what is charged for."""

    messages: float = 0
    minutes: float = 0
    invocations: float = 0
    gb_seconds: float = 0
    write_units: float = 0
    read_units: float = 0
    stored_bytes: float = 0
    queue_requests: float = 0
    log_bytes: float = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __mul__(self, times: float) -> "Usage":
        return Usage(*(getattr(self, f.name) * times for f in fields(self)))


def chat_turn(here: Ground, turn: int) -> Usage:
    """Turn `turn` of a conversation by a warm function, with its share of a connection."""
    parley = _connected(here, LONGEST_USER)
    parley.say(parley.function(), 1)
    # The first turn in two minutes: it refreshes the list of conversations too.
    cost = turn_cost.measure(parley, turn + 1).before
    frame = json.dumps({"type": "turn", "turn": sample(turn).reply})
    with _written() as (logger, written):
        parley.ping(replace(parley.function(), logger=logger))
        log_bytes = len(written.getvalue())
    said = _invoked("MessageFunction", cost, posts=1, log_bytes=log_bytes)
    kept = parley.stored_bytes(turn) + ITEM_BYTES
    answered = said + Usage(messages=1 + _metered(frame), stored_bytes=kept)
    return answered + connection(here, log_bytes) * (1 / TURNS)


def connection(here: Ground, log_bytes: int) -> Usage:
    """A connection of `MINUTES`: opened, pinged, ended and reaped."""
    user = f"guest:{uuid4().hex}{uuid4().hex}"
    table = Table(dynamodb(), CONNECTIONS)
    store, census = DynamoConnectionStore(table), DynamoConnectionCensus(table)
    with here.meter.counting() as opening:
        _connected(here, user)
    (row,) = store.active(user)
    with here.meter.counting() as ending:
        store.deactivate(user, row.connection_id, datetime.now(UTC))
    later = datetime.now(UTC) + timedelta(minutes=1)
    ended = [part for part in census.parts() if not part[0]]
    (sighting,) = (
        each
        for part in ended
        for page in census.unseen(part, later)
        for each in page
        if each.user_id == user
    )
    with here.meter.counting() as reaping:
        census.remove(sighting)
    pings = MINUTES / PING_MINUTES
    ping = _invoked("MessageFunction", Cost(), posts=1, log_bytes=log_bytes) + Usage(messages=2)
    return (
        _invoked("AuthorizerFunction", Cost())
        + _invoked("ConnectFunction", opening)
        + _invoked("DisconnectFunction", ending)
        + Usage(write_units=reaping.write_units, minutes=MINUTES)
        + ping * pings
    )


def pushed(here: Ground, size: int, *, warm: bool = True) -> Usage:
    """One push to a user who is there, in a batch of `size` users' messages.

    Not warm, it is the first of its conversation, and makes the entry in the list.
    """
    users = [f"guest:{uuid4().hex}{uuid4().hex}" for _ in range(size)]
    for user in users:
        _connected(here, user)
    app = composition.push(PushSettings.from_environment(_PUSH))
    if warm:
        with redirect_stdout(io.StringIO()):
            _take(here, app, users, 1)  # the function has seen the conversations
    kept_before = sum(map(_kept_bytes, users))
    with _written() as (logger, written):
        cost, frames = _take(here, replace(app, logger=logger), users, 2)
        log_bytes = len(written.getvalue())
    calls = (len(cost.requests) + frames) / size * ceil(size / LANES_AT_ONCE)
    whole = _invoked("PushFunction", cost, calls=calls, log_bytes=log_bytes) + Usage(
        messages=frames * _metered(sample(2).reply),
        # Sent, received and deleted: ten a request where there are as many.
        queue_requests=3,
        stored_bytes=sum(map(_kept_bytes, users)) - kept_before,
    )
    return whole * (1 / size)


def sample_turn(here: Ground, turn: int) -> Usage:
    """A turn of AWS's sample: the connection looked up, its session read and put whole."""
    course = run(here.meter, OneItem(), (turn,))
    looked_up = Usage(read_units=0.5)
    said = _invoked("MessageFunction", course.costs[turn], posts=1)
    words = sample(turn)
    messages = Usage(
        messages=1 + _metered(words.reply),
        stored_bytes=len(words.text.encode()) + len(words.reply.encode()),
    )
    # Its rows: 2 write units to connect, 3 and half a read unit to disconnect (docs/cost.md).
    row = Usage(invocations=3, write_units=5, read_units=0.5, minutes=MINUTES)
    return said + looked_up + messages + row * (1 / TURNS)


def _connected(here: Ground, user: str) -> Parley:
    with redirect_stdout(io.StringIO()):  # the handler prints its metrics
        return Parley(here, user, str(uuid4()))


def _take(here: Ground, app: Any, users: list[str], number: int) -> tuple[Cost, int]:
    now = int(datetime.now(UTC).timestamp() * 1000)
    records = [
        {
            "messageId": str(uuid4()),
            "receiptHandle": "r",
            "body": json.dumps({"userId": user, "id": f"p{number}", "text": sample(number).reply}),
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": str(now),
                "SequenceNumber": str(number),
                "MessageGroupId": user,
            },
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:push.fifo",
        }
        for user in users
    ]
    here.posts.clear()
    with here.meter.counting() as cost:
        answer = push.answer(app, {"Records": records}, FiveMinutes())
    if answer["batchItemFailures"]:
        raise RuntimeError(f"not pushed: {answer}")
    return cost, here.posts.clear()


def _kept_bytes(user: str) -> int:
    """What is charged for to keep a user's conversations."""
    table = Table(dynamodb(), SESSIONS)
    items, _ = table.query(
        KeyConditionExpression="userId = :user", ExpressionAttributeValues={":user": string(user)}
    )
    return sum(item_size(item) + ITEM_BYTES for item in items)


def _invoked(
    function: str, cost: Cost, *, posts: int = 0, calls: float | None = None, log_bytes: int = 0
) -> Usage:
    calls = len(cost.requests) + posts if calls is None else calls
    seconds = (OWN_MS + CALL_MS * calls) / 1000
    return Usage(
        invocations=1,
        gb_seconds=seconds * _gigabytes(function),
        write_units=cost.write_units,
        read_units=cost.read_units,
        log_bytes=log_bytes + PLATFORM_LOG_BYTES,
    )


@cache
def _template() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return parsed


def _gigabytes(function: str) -> float:
    own = _template()["Resources"][function]["Properties"]
    shared = _template()["Globals"]["Function"]
    return float(own.get("MemorySize", shared["MemorySize"])) / 1024


def _metered(text: str) -> int:
    return max(ceil(len(text.encode()) / METERED_BYTES), 1)


@contextmanager
def _written() -> Iterator[tuple[Logger, io.StringIO]]:
    """A logger as it is deployed, and all that is written, metrics too."""
    written = io.StringIO()
    with redirect_stdout(written):
        yield Logger(service=f"parley-{uuid4().hex[:6]}", level="INFO", stream=written), written


_PUSH = {
    **FUNCTION,
    "PUSH_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/push.fifo",
    "PUSH_DEAD_LETTERS": "https://sqs.us-east-1.amazonaws.com/123456789012/dead.fifo",
}
