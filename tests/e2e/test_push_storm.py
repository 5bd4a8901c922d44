"""A storm of pushes through the queue, whose every client ends with what was sent, in order, once.

Clients are cut off at random, batches come again, functions are killed in the midst of them.
"""

import asyncio
import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from auth.guests import guest
from operations.deployment import of_gateway
from operations.publisher import Publisher, PushMessage
from tests.e2e.phone import LOST
from tests.e2e.product import Frame, Product
from tests.support.fault_report import Rows
from tests.support.soak import times

USERS = times(4, 50)
MESSAGES = times(120, 10_000)
SEED = 5
KILLS = times(3, 60)
STAY_SECONDS = 3 * USERS / 4
"""The longest that a client stays before it is cut off. The more there are, the longer: as many
connect a second, however many there are."""
VISIBILITY_SECONDS = "3"
"""How long the queue waits for a function that was killed: three minutes in the template."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product on a bad day, whose bot nobody asks."""
    running = Product(
        tmp_path_factory.mktemp("storm"),
        [
            "--faults=lose_disconnect=0.2,delay_disconnect=0.3:5,duplicate_disconnect=0.2,"
            "half_open=0.1:2",
            f"--seed={SEED}",
            *("--no-reload", "--parameter-overrides", "BotClass=bots.echo:Echo"),
        ],
    )
    running.start()
    yield running
    assert running.stop() == 0


@dataclass
class Reader:
    """A client that is cut off at random, and keeps what it has seen."""

    product: Product
    chance: Random
    user: str = field(default_factory=lambda: str(uuid.uuid4()))
    shown: dict[int, str] = field(default_factory=dict)
    cut_off: int = 0

    @property
    def user_id(self) -> str:
        """Its name in the tables."""
        return guest(self.user).user_id

    @property
    def said(self) -> list[str]:
        """What it shows, as far as there is no gap."""
        count = self._contiguous()
        return [self.shown[seq] for seq in range(1, count + 1)]

    async def live(self, ended: asyncio.Event) -> None:
        """Connect, resume, listen for a while, be cut off."""
        while not ended.is_set():
            with suppress(*LOST):
                async with (
                    asyncio.timeout(10 + STAY_SECONDS),
                    self.product.client(self.user) as client,
                ):
                    self._show(await client.log(after=self._contiguous()))
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self.chance.uniform(0, STAY_SECONDS)):
                            while True:
                                self._show([(await client.receive(type="turn"))["turn"]])
                    client.tear()
                    self.cut_off += 1

    async def has_all(self, count: int) -> None:
        """Wait until so many are shown."""
        async with asyncio.timeout(times(200, 6_000)):
            while self._contiguous() < count:
                await asyncio.sleep(0.5)

    def _show(self, turns: list[Frame]) -> None:
        for turn in turns:
            shown = self.shown.setdefault(turn["seq"], turn["reply"])
            assert shown == turn["reply"], "two turns of one seq"

    def _contiguous(self) -> int:
        count = 0
        while count + 1 in self.shown:
            count += 1
        return count


def pushers(product: Product) -> list[int]:
    """The processes that take pushes."""
    found = []
    for process in (name for name in os.listdir("/proc") if name.isdigit()):
        with suppress(OSError):
            with open(f"/proc/{process}/cmdline") as line, open(f"/proc/{process}/stat") as stat:
                words = line.read().split("\0")
                parent = int(stat.read().rpartition(")")[2].split()[1])
            if parent == product.pid and "handlers.push.handler" in words:
                found.append(int(process))
    return found


async def killing(product: Product, chance: Random, ended: asyncio.Event) -> int:
    """Kill one of them every few seconds, for a new one takes its time; how many were."""
    killed = 0
    while killed < KILLS and not ended.is_set():
        await asyncio.sleep(chance.uniform(0.2, 4))
        alive = pushers(product)
        if alive:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(alive), signal.SIGKILL)
                killed += 1
    return killed


def test_every_client_ends_with_exactly_what_was_sent(product: Product, row: Rows) -> None:
    async def scenario(run: Any) -> None:
        chance, ended = Random(SEED), asyncio.Event()
        readers = [Reader(product, Random(f"{SEED} {number}")) for number in range(USERS)]
        deployment = of_gateway(product.data_dir)
        deployment.sqs().set_queue_attributes(
            QueueUrl=deployment.push_queue, Attributes={"VisibilityTimeout": VISIBILITY_SECONDS}
        )
        door = Publisher(deployment.push_queue, deployment.sqs())
        sent: dict[str, list[str]] = {reader.user_id: [] for reader in readers}
        messages = []
        for _ in range(MESSAGES):
            user_id = chance.choice(readers).user_id
            text = f"{len(sent[user_id])} for {user_id[-6:]}"
            sent[user_id].append(text)
            messages.append(PushMessage(user_id=user_id, text=text))
        async with asyncio.TaskGroup() as group:
            for reader in readers:
                group.create_task(reader.live(ended))
            killer = group.create_task(killing(product, chance, ended))
            await asyncio.to_thread(door.push_all, messages)
            for reader in readers:
                await reader.has_all(len(sent[reader.user_id]))
            ended.set()
        run.inject(killer.result())
        for reader in readers:
            assert reader.said == sent[reader.user_id]
            assert len(reader.shown) == len(sent[reader.user_id])
        assert run.injected > 0, "somebody was killed"
        assert sum(reader.cut_off for reader in readers) > USERS
        print(f"{run.injected} killed, {sum(reader.cut_off for reader in readers)} cut off")

    with row(35, seed=SEED) as run:
        asyncio.run(scenario(run))
