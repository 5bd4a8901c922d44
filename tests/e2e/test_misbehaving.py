"""A client with an outbox, against API Gateway on its worst day (invariants I2, I3, I4, I6)."""

import asyncio
import random
import uuid
from collections.abc import Iterator

import aiohttp
import pytest

from tests.e2e.product import ECHO, Client, Frame, Product

MESSAGES = 60
AT_ONCE = 4
PATIENCE_SECONDS = 1.5
WORST_DAY = ",".join(
    [
        "lose_disconnect=0.3",
        "delay_disconnect=0.5:3",
        "duplicate_disconnect=0.3",
        "duplicate=0.3",
        "reorder=0.4:0.2",
        "fail=0.1",
        "fail_after=0.1",
        "half_open=0.3:2",
    ]
)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    faulty = ["--faults", WORST_DAY, "--seed", "11", *ECHO]
    running = Product(tmp_path_factory.mktemp("misbehaving"), faulty)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def user() -> str:
    return str(uuid.uuid4())


class Phone:
    """A device that keeps its messages until their turns came, and what it shows by `seq`."""

    def __init__(self, product: Product, user: str, name: str, chance: random.Random) -> None:
        self._product, self._user, self._chance = product, user, chance
        self._outbox = [f"{name}-{number}" for number in range(MESSAGES)]
        self._sent_after: dict[str, int] = {}
        self.shown: dict[int, Frame] = {}

    async def talk(self) -> None:
        """Say everything, over as many connections as it takes."""
        while self._outbox:
            try:
                async with self._product.client(self._user) as client:
                    await self._converse(client)
            except (TimeoutError, OSError, aiohttp.ClientError):
                continue

    async def catch_up(self) -> None:
        """Resume until an answer comes."""
        while True:
            try:
                async with self._product.client(self._user) as client:
                    return self._show(await self._resume(client))
            except (TimeoutError, OSError, aiohttp.ClientError):
                continue

    async def _converse(self, client: Client) -> None:
        self._show(await self._resume(client))
        while self._outbox:
            batch = self._outbox[:AT_ONCE]
            for each in batch:
                after = self._sent_after.setdefault(each, self._contiguous())
                await client.send(action="message", messageId=each, text=each, after=after)
            if self._chance.random() < 0.1:
                return client.tear()
            async with asyncio.timeout(PATIENCE_SECONDS):
                for each in batch:
                    self._show([await client.turn(each)])

    async def _resume(self, client: Client) -> list[Frame]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await client.log(after=self._contiguous())

    def _show(self, turns: list[Frame]) -> None:
        for turn in turns:
            assert self.shown.setdefault(turn["seq"], turn) == turn, "two turns of one seq"
            if turn["messageId"] in self._outbox:
                self._outbox.remove(turn["messageId"])

    def _contiguous(self) -> int:
        seq = 0
        while seq + 1 in self.shown:
            seq += 1
        return seq


def test_two_devices_end_with_one_gapless_conversation_of_every_message_once(
    product: Product, user: str
) -> None:
    chance = random.Random(5)
    phones = [Phone(product, user, name, chance) for name in ("phone", "laptop")]

    async def scenario() -> None:
        await asyncio.gather(*(phone.talk() for phone in phones))
        await asyncio.gather(*(phone.catch_up() for phone in phones))

    asyncio.run(scenario())
    one, other = (phone.shown for phone in phones)
    assert one == other
    assert sorted(one) == list(range(1, 2 * MESSAGES + 1))
    said = sorted(turn["text"] for turn in one.values())
    assert said == sorted(f"{name}-{n}" for name in ("phone", "laptop") for n in range(MESSAGES))
    assert [one[seq]["reply"].rpartition("(")[2] for seq in sorted(one)] == [
        f"{count})" for count in range(1, 2 * MESSAGES + 1)
    ], "each turn's state follows the turn before"


def test_no_file_of_the_run_holds_the_guests_id_nor_a_log_what_was_said(
    product: Product, user: str
) -> None:
    """Runs after the other, on what it left behind: logs, tables, the engine's journal."""
    files = [path for path in product.data_dir.rglob("*") if path.is_file()]
    logs = [path.read_text() for path in files if path.parent.name == "logs"]
    assert any("answered" in log for log in logs)
    assert not any("phone-1" in log or "laptop-1" in log for log in logs)
    assert not any(user.encode() in path.read_bytes() for path in files)
