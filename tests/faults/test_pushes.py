"""Rows 13 to 21, 26 and 35 for pushes, and a storm of all of them: a queue that redelivers,
functions that die, devices that are cut off, posts that are lost; and each user has exactly the
list that was sent, in order, once.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot.errors import ConnectionGone, SendFailed
from bot.models import Connection, ConversationKey
from bot.ports import ConversationStore
from bot.push import positions
from bot.push.pushes import Push
from bot.push.pushing import Pushed
from delivery.fan_out import Delivery, FanOut
from delivery.memory import MemorySender
from delivery.push_queues import PushQueues
from handlers import push
from handlers.incoming import push_lanes, push_telling
from handlers.setup.apps import PushApp
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support.backend import Backend
from tests.support.fault_report import Rows
from tests.support.fifo import FifoQueue
from tests.support.push_events import told
from tests.support.pushers import a_pushing
from tests.support.soak import SOAK, times
from tests.support.stores import Dying, Killed

REPORTED = (13, 16, 20, 21, 35)
"""The rows of which a run injects faults at random; each counts its own."""

USERS = times(10, 50)
MESSAGES = times(300, 10_000)


class Context:
    """Lambda's context, with time enough."""

    def get_remaining_time_in_millis(self) -> int:
        """See Lambda."""
        return 30_000


class NoQueue:
    """An SQS that takes whatever it is told."""

    def change_message_visibility_batch(self, **request: Any) -> None:
        """See SQS."""


class BadSender(MemorySender):
    """@connections on a bad day: posts fail, arrive though they failed, or arrive twice. It is the
    connection that decides, so that a run is the same however its threads fall."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.is_calm = False
        self.failed = self.doubled = 0
        self._chances: defaultdict[str, Random] = defaultdict(Random)
        self._seed = seed

    def send(self, connection_id: str, frame: bytes) -> None:
        """See the port."""
        if connection_id not in self._chances:
            self._chances[connection_id].seed(f"{self._seed} {connection_id}")
        fate = 1.0 if self.is_calm else self._chances[connection_id].random()
        if fate < 0.05:
            self.failed += 1
            raise SendFailed("dropped")
        super().send(connection_id, frame)
        if fate < 0.10:
            self.doubled += 1
            super().send(connection_id, frame)
        elif fate < 0.15:
            self.failed += 1
            raise SendFailed("its answer was lost")


@dataclass
class User:
    """A user whose one device connects, is cut off, and resumes."""

    name: str
    backend: Backend
    chance: Random
    connections: int = 0
    open: str = ""
    lingering: list[str] = field(default_factory=list)
    stale: int = 0
    late: int = 0
    read: int = 0

    @property
    def device(self) -> str:
        """The device, whichever connection it has."""
        return f"{self.name[-4:]}-{self.connections}"

    def connect(self) -> None:
        """Open a new connection, and resume where the device was."""
        shown = self.backend.devices.get(self.device)
        self.connections += 1
        self.backend.connect(self.name, self.device)
        if shown:
            self.backend.devices[self.device] = shown
        self.open = self.device
        self.backend.memory.sent.pop(self.open, None)
        place = self.backend.devices[self.open].place or {"after": 0}
        self.backend.ask(self.name, self.open, {"action": "resume", **place})

    def cut_off(self) -> None:
        """Lose the connection: API Gateway may know at once, and may say so late, or never."""
        self.backend.got(self.open)
        if self.chance.random() < 0.7:
            self.backend.memory.gone.add(self.open)
        self.lingering.append(self.open)
        self.open = ""

    def live(self) -> None:
        """Whatever happens to a device between two batches."""
        fate = self.chance.random()
        if not self.open:
            if fate < 0.3:
                self.connect()
            return
        self.backend.got(self.open)
        active = {row.connection_id for row in self.backend.connections.active(self.name)}
        self.stale += self.open not in active
        if fate < 0.1:
            self.cut_off()
        elif fate < 0.2 and self.lingering:
            late = self.lingering.pop(self.chance.randrange(len(self.lingering)))
            self.backend.disconnect(self.name, late)
            self.late += 1
            if self.chance.random() < 0.3:
                self.backend.disconnect(self.name, late)
                self.late += 1
        elif fate < 0.25:
            self.look()

    def look(self) -> None:
        """Read all that the device shows, and say so."""
        shown = self.backend.devices[self.open].shown
        if shown:
            self.read = max(self.read, shown[-1]["seq"])
            said = {"action": "read", "conversationId": "main", "seq": shown[-1]["seq"]}
            self.backend.ask(self.name, self.open, said)

    @property
    def cursor(self) -> int:
        """What the table says that the user has read."""
        key = ConversationKey(self.name, "main")
        conversation = self.backend.conversations.conversation(key)
        return conversation.read if conversation else 0

    def shown(self) -> list[str]:
        """What the device shows in the end."""
        if self.open:
            self.cut_off()
        self.connect()
        return [turn["reply"] for turn in self.backend.devices[self.open].shown]


class Functions:
    """The function's environments: some are warm, each may die in the midst of a batch."""

    def __init__(self, backend: Backend, chance: Random) -> None:
        self._backend = backend
        self._chance = chance
        self._warm: list[PushApp] = []
        self.killed = 0

    def invoke(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """Give a batch to one of them; None where it died."""
        fate = self._chance.random()
        if fate < 0.15:
            dying = Dying(
                self._backend.conversations,
                self._chance.randint(1, 8),
                applied=self._chance.random() < 0.5,
            )
            return self._run(self._app(dying), event)
        if fate < 0.3 or not self._warm:
            self._warm.append(self._app(self._backend.conversations))
        return self._run(self._chance.choice(self._warm[-3:]), event)

    def _app(self, store: ConversationStore) -> PushApp:
        backend = self._backend
        return PushApp(
            a_pushing(store, backend.clock),
            FanOut(backend.sender, backend.connections, backend.clock),
            PushQueues(NoQueue, "", ""),
            Logger(),
            Metrics(namespace="Parley", service="parley"),
            backend.clock,
        )

    def _run(self, app: PushApp, event: dict[str, Any]) -> dict[str, Any] | None:
        try:
            return push.answer(app, event, Context())
        except Killed:
            self.killed += 1
            return None


@dataclass
class Run:
    """One run: what was sent, and what each device shows in the end."""

    sent: dict[str, list[str]]
    shown: dict[str, list[str]]
    redelivered: int
    killed: int
    stale: int
    moved: int
    injected: dict[int, int]

    @property
    def wrong(self) -> list[str]:
        """The users who do not have exactly what was sent."""
        return [user for user, told in self.sent.items() if self.shown[user] != told]


@pytest.fixture(autouse=True)
def one_lane_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a seed gives the same run again."""
    monkeypatch.setattr(push_lanes, "LANES_AT_ONCE", 1)


def run(seed: int, users: int = USERS, messages: int = MESSAGES) -> Run:
    """Push so many messages to so many users while everything fails."""
    chance = Random(seed)
    sender = BadSender(seed)
    backend = Backend(MemoryConversationStore(), MemoryConnectionStore(), sender)
    backend.memory = sender
    queue, functions = FifoQueue(chance), Functions(backend, chance)
    people = [User(f"user:feed:{number:04d}", backend, chance) for number in range(users)]
    sent: dict[str, list[str]] = {user.name: [] for user in people}
    left = messages
    while left or not queue.is_empty:
        for _ in range(min(left, chance.randint(0, 20))):
            name = chance.choice(people).name
            text = f"{len(sent[name])} of {name}"
            sent[name].append(text)
            queue.send(name, told(text, name))
            left -= 1
        for user in chance.sample(people, 3):
            user.live()
        queue.poll(functions.invoke)
        backend.clock.advance(seconds=chance.choice([0, 0.01, 1, 20]))
    sender.is_calm = True  # a client whose resume is not answered asks again
    shown = {user.name: user.shown() for user in people}
    stale = sum(user.stale for user in people)
    moved = sum(user.cursor != user.read for user in people)
    injected = {
        13: sum(user.late for user in people),
        16: sum(user.connections for user in people),
        20: sender.failed,
        21: sender.doubled,
        35: queue.redelivered,
    }
    return Run(sent, shown, queue.redelivered, functions.killed, stale, moved, injected)


@pytest.mark.parametrize("seed", range(times(4, 1)))
def test_every_client_ends_with_exactly_what_was_sent(seed: int, row: Rows) -> None:
    with ExitStack() as stack:
        rows = {number: stack.enter_context(row(number, seed=seed)) for number in REPORTED}
        ended = run(seed)
        assert ended.wrong == []
        assert sum(map(len, ended.shown.values())) == MESSAGES
        assert ended.stale == 0, "no late $disconnect, and no 410, ends a connection that lives"
        assert ended.moved == 0, "the cursor moves by the client's word alone"
        assert ended.redelivered > MESSAGES / 20
        assert ended.killed > 0
        for number in REPORTED:
            rows[number].inject(ended.injected[number])
            assert ended.injected[number] > 0


@pytest.mark.skipif(not SOAK, reason="the full count of seeds")
@pytest.mark.parametrize("seed", range(100, 150))
def test_whatever_the_seed(seed: int) -> None:
    assert run(seed, 10, 300).wrong == []


# ---- the run tells


Mutant = Callable[[pytest.MonkeyPatch], None]

MUTANTS: dict[str, Mutant] = {
    "positions are not looked at": lambda p: p.setattr(positions, "seen", lambda *of: False),
    "a position is not carried on": lambda p: p.setattr(positions, "advanced", lambda known, _: {}),
    "what is behind a failure goes on": lambda p: p.setattr(
        push, "work_off", lambda records, take, *rest: _all_at_once(records, take)
    ),
    "whoever is gone ends all of the user": lambda p: p.setattr(
        MemoryConnectionStore, "deactivate", _deactivate_all
    ),
    "connections are keyed by user": lambda p: _key_by_user(p),
    "a post that succeeds moves the cursor": lambda p: _read_by_post(p),
}


def _key_by_user(patch: pytest.MonkeyPatch) -> None:
    """A user has one row, as in the sample that this began from."""
    deactivate = MemoryConnectionStore.deactivate

    def add(self: MemoryConnectionStore, connection: Connection) -> None:
        self._rows[connection.user_id, "the one"] = (connection, True)

    patch.setattr(MemoryConnectionStore, "add", add)
    patch.setattr(
        MemoryConnectionStore,
        "deactivate",
        lambda self, user, connection, at: deactivate(self, user, "the one", at),
    )


def _read_by_post(patch: pytest.MonkeyPatch) -> None:
    """Whatever a connection took counts as read."""
    tell = push_telling._tell

    def told(app: PushApp, pushed: Push, outcome: Pushed) -> Delivery:
        delivery = tell(app, pushed, outcome)
        turn = outcome.turn
        conversation = app.pushing.store.conversation(pushed.key)  # type: ignore[attr-defined]
        if delivery.reached and turn and conversation:
            read = replace(conversation, read=turn.seq)
            app.pushing.store.move_cursor(  # type: ignore[attr-defined]
                pushed.key, read, turn.expires_at
            )
        return delivery

    patch.setattr(push_telling, "_tell", told)


def _all_at_once(records: Any, take: Callable[[Any], None]) -> list[Any]:
    left = []
    for number, record in enumerate(records):
        # One in five has to wait; those behind it do not.
        if number % 5 == 1 and record.received == 1:
            left.append(record)
        else:
            take(record)
    return left


def _deactivate_all(self: MemoryConnectionStore, user_id: str, *rest: Any) -> None:
    for (user, name), (row, _) in list(self._rows.items()):
        if user == user_id:
            self._rows[user, name] = (row, False)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_fault_in_the_code_is_found(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[mutant](monkeypatch)
    found = [run(seed, 10, 200) for seed in range(3)]
    assert any(each.wrong or each.stale or each.moved for each in found)


def test_a_connection_that_is_gone_is_told_apart_from_a_post_that_failed() -> None:
    sender = BadSender(1)
    sender.gone.add("c")
    outcomes = set()
    for _ in range(200):
        try:
            sender.send("c", b"{}")
        except (ConnectionGone, SendFailed) as error:
            outcomes.add(type(error))
    assert outcomes == {ConnectionGone, SendFailed}
