"""A client with an outbox, against API Gateway on its worst day (invariants I2, I3, I4, I6)."""

import asyncio
import random
import uuid
from collections.abc import Iterator

import pytest

from tests.e2e.phone import Phone
from tests.e2e.product import ECHO, Product

MESSAGES = 60
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


def test_two_devices_end_with_one_gapless_conversation_of_every_message_once(
    product: Product, user: str
) -> None:
    chance, names = random.Random(5), ("phone", "laptop")
    said = {name: [f"{name}-{number}" for number in range(MESSAGES)] for name in names}
    phones = [Phone(product, user, list(said[name]), chance) for name in names]

    async def scenario() -> None:
        await asyncio.gather(*(phone.talk() for phone in phones))
        await asyncio.gather(*(phone.catch_up() for phone in phones))

    asyncio.run(scenario())
    one, other = phones
    assert one.shown == other.shown
    one.holds([*said["phone"], *said["laptop"]])


def test_no_file_of_the_run_holds_the_guests_id_nor_a_log_what_was_said(
    product: Product, user: str
) -> None:
    """Runs after the other, on what it left behind: logs, tables, the engine's journal."""
    files = [path for path in product.data_dir.rglob("*") if path.is_file()]
    logs = [path.read_text() for path in files if path.parent.name == "logs"]
    assert any("answered" in log for log in logs)
    assert not any("phone-1" in log or "laptop-1" in log for log in logs)
    assert not any(user.encode() in path.read_bytes() for path in files)
