"""Rows 16 and 22 on the whole product: everyone reconnects at once; messages come in any order."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.phone import Phone
from tests.e2e.product import ECHO, Product
from tests.support.fault_report import Rows
from tests.support.soak import times

PATIENCE_SECONDS = 60
"""A storm's queue is long, and whoever asks again makes it longer."""


@contextmanager
def running(data_dir: Path, faults: str) -> Iterator[Product]:
    """A product that misbehaves."""
    product = Product(data_dir, ["--faults", faults, "--seed", "16", *ECHO])
    product.start()
    try:
        yield product
    finally:
        assert product.stop() == 0


@pytest.fixture
def late_disconnects(tmp_path: Path) -> Iterator[Product]:
    """A product whose `$disconnect`s come seconds late, twice, or never."""
    faults = "delay_disconnect=1:3,duplicate_disconnect=0.3,lose_disconnect=0.2"
    with running(tmp_path, faults) as product:
        yield product


@pytest.fixture
def shuffling(tmp_path: Path) -> Iterator[Product]:
    """A product whose messages overtake one another, and come twice."""
    with running(tmp_path, "reorder=0.7:0.1,duplicate=0.3") as product:
        yield product


def test_users_who_all_reconnect_again_and_again_lose_and_double_nothing(
    late_disconnects: Product, row: Rows
) -> None:
    users, reconnects = times(10, 200), times(3, 20)
    said = [f"m{number}" for number in range(reconnects)]
    phones = [
        Phone(
            late_disconnects,
            str(uuid4()),
            list(said),
            random.Random(number),
            at_once=1,
            tears=1,
            patience=PATIENCE_SECONDS,
        )
        for number in range(users)
    ]

    async def reached(phone: Phone) -> None:
        """The connection that came last is told of what is said elsewhere."""
        async with phone.backend.client(phone.user) as last:
            async with phone.backend.client(phone.user) as other:
                turn = await other.say("last", "last")
            assert await last.turn("last") == turn
            phone.show([turn])

    async def storm() -> None:
        await asyncio.gather(*(phone.talk() for phone in phones))
        await asyncio.gather(*(phone.catch_up() for phone in phones))
        await asyncio.gather(*(reached(phone) for phone in phones))

    with row(16) as run:
        asyncio.run(storm())
        run.inject(sum(phone.connections for phone in phones))
        assert all(phone.connections >= reconnects for phone in phones)
        for phone in phones:
            phone.holds([*said, "last"])


def test_messages_of_one_connection_that_come_in_any_order_make_one_turn_each(
    shuffling: Product, row: Rows
) -> None:
    said = [f"m{number}" for number in range(times(40, 1_000))]
    phone = Phone(
        shuffling,
        str(uuid4()),
        list(said),
        random.Random(22),
        at_once=8,
        tears=0,
        patience=PATIENCE_SECONDS,
    )
    with row(22) as run:
        asyncio.run(phone.talk())
        run.inject(len(said))
        assert phone.connections == 1
        phone.holds(said)
        assert [phone.shown[seq]["text"] for seq in sorted(phone.shown)] != said
