"""Replies that are written while one looks on, through the whole product.

The bot says what it was told again and again, so that what must be on a screen is known.
"""

import asyncio
import json
import os
import random
import signal
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.product import Client, Frame, Product
from tests.support.screen import Screen
from tests.support.soak import times

LEASE_SECONDS = 4
TALKER = (
    "--no-reload",
    "--retry-waits",
    f"{LEASE_SECONDS + 1},{LEASE_SECONDS + 1}",
    "--parameter-overrides",
    "BotClass=bots.talker:Talker",
    f"ReplyLeaseSeconds={LEASE_SECONDS}",
)
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("streaming"), TALKER)
    running.start()
    yield running
    assert running.stop() == 0


def said(count: int, words: str) -> str:
    """The reply of the Talker to "<count> <words>"."""
    return "".join(f"{word}{number} " for number in range(count) for word in words.split())


class Watcher:
    """A device on one connection whose screen may never show a wrong character."""

    def __init__(self, client: Client, replies: dict[int, str], screen: Screen | None) -> None:
        self.client = client
        self.screen = screen or Screen()
        self.screen._shows = self._check
        self.replies = replies
        self.seen: list[Frame] = []
        self._reading = asyncio.create_task(self._read())
        self._changed = asyncio.Event()

    async def until(self, wanted: Callable[["Watcher"], bool]) -> None:
        """Wait until its screen, or what it has seen, is as wanted."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not wanted(self):
                if self._reading.done():
                    self._reading.result()
                self._changed.clear()
                waiting = asyncio.create_task(self._changed.wait())
                await asyncio.wait({waiting, self._reading}, return_when="FIRST_COMPLETED")
                waiting.cancel()

    async def ended(self, seq: int) -> Frame:
        """The turn, when its reply has ended."""
        await self.until(lambda each: each.status(seq) not in ("", "pending"))
        return self.screen.turns[seq]

    async def shows(self, seq: int, characters: int) -> None:
        """Wait until so much of a reply is shown."""
        await self.until(lambda each: len(each.screen.text(seq)) >= characters)

    def status(self, seq: int) -> str:
        """How far a turn has come."""
        return str(self.screen.turns.get(seq, {}).get("status", ""))

    async def round_trip(self) -> float:
        """How many seconds a frame and its answer take just now."""
        before, begun = self._pongs(), time.monotonic()
        await self.client.send(action="ping")
        await self.until(lambda each: each._pongs() > before)
        return time.monotonic() - begun

    def _pongs(self) -> int:
        return sum(frame["type"] == "pong" for frame in self.seen)

    async def log(self) -> list[Frame]:
        """All the turns that the table holds, as `resume` brings them."""
        await self.until(Watcher.has_resumed)
        self.seen.clear()
        await self.client.send(action="resume", after=0)
        await self.until(Watcher.has_resumed)
        snapshots = (frame for frame in self.seen if frame["type"] == "snapshot")
        return [turn for snapshot in snapshots for turn in snapshot["turns"]]

    def has_resumed(self) -> bool:
        """Whether a snapshot has come."""
        return any(frame["type"] == "snapshot" for frame in self.seen)

    def stop(self) -> None:
        """Look no more; what was wrong with what it has shown is raised."""
        if self._reading.done():
            self._reading.result()
        self._reading.cancel()

    async def _read(self) -> None:
        async for message in self.client.socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            frame = json.loads(message.data)
            assert "type" in frame, frame
            self.seen.append(frame)
            self.screen.take(frame)
            self._changed.set()

    def _check(self, seq: int, text: str) -> None:
        assert self.replies.get(seq, "").startswith(text)


@asynccontextmanager
async def watching(
    product: Product, user: str, replies: dict[int, str], screen: Screen | None = None
) -> AsyncIterator[Watcher]:
    """A device that has just connected and resumed."""
    async with product.client(user) as client:
        watcher = Watcher(client, replies, screen)
        await client.send(action="resume", **watcher.screen.place)
        try:
            yield watcher
        finally:
            watcher.stop()


def writers(product: Product) -> list[int]:
    """The processes that write replies."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes().split(b"\0")
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == product.pid and b"_HANDLER=handlers.reply.handler" in environ:
            found.append(int(process.name))
    return found


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Play it."""
    asyncio.run(scenario())  # type: ignore[arg-type]


def test_two_devices_see_a_reply_grow_and_end_alike(product: Product) -> None:
    user, replies = str(uuid.uuid4()), {1: said(60, "é🎉 two")}

    async def scenario() -> None:
        async with watching(product, user, replies) as one, watching(product, user, replies) as two:
            await one.client.send(action="message", messageId="m1", text="60 é🎉 two", after=0)
            turns = [await each.ended(1) for each in (one, two)]
            assert turns[0] == turns[1]
            assert (turns[0]["reply"], turns[0]["status"]) == (replies[1], "done")
            assert one.screen.deltas > 3
            assert two.screen.deltas > 1
            assert one.screen.gaps == two.screen.gaps == 0
            accepted = [each for each in one.seen if each["type"] == "accepted"]
            assert [each["messageId"] for each in accepted] == ["m1"]
            assert "accepted" not in [each["type"] for each in two.seen]

    run(scenario)


def test_who_reloads_or_joins_in_mid_reply_sees_it_at_once_and_follows(product: Product) -> None:
    user, replies = str(uuid.uuid4()), {1: said(250, "a")}

    async def scenario() -> None:
        async with watching(product, user, replies) as one:
            await one.client.send(action="message", messageId="m1", text="250:60 a", after=0)
            await one.shows(1, 20)
        for _ in range(2):  # reload: nothing is remembered
            async with watching(product, user, replies) as again:
                await again.shows(1, 21)
                await again.until(lambda each: each.status(1) == "pending")
        async with (
            watching(product, user, replies, one.screen) as back,
            watching(product, user, replies) as joined,
        ):
            for each in (back, joined):
                assert (await each.ended(1))["reply"] == replies[1]
                assert each.screen.gaps == 0

    run(scenario)


def test_a_message_that_comes_meanwhile_is_busy_and_goes_on_afterwards(product: Product) -> None:
    user, replies = str(uuid.uuid4()), {1: said(80, "a"), 2: said(2, "b")}

    async def scenario() -> None:
        async with watching(product, user, replies) as one, watching(product, user, replies) as two:
            await one.client.send(action="message", messageId="m1", text="80:100 a", after=0)
            await one.shows(1, 1)
            message = {"action": "message", "messageId": "m2", "text": "2 b", "after": 0}
            await two.client.send(**message)
            await two.until(lambda each: any(f.get("code") == "busy" for f in each.seen))
            busy = next(frame for frame in two.seen if frame["type"] == "error")
            assert (busy["retryable"], busy["messageId"]) == (True, "m2")
            await two.ended(1)
            await two.client.send(**message)
            for each in (one, two):
                assert (await each.ended(2))["reply"] == replies[2]

    run(scenario)


def test_a_stop_from_another_device_ends_a_reply_soon(product: Product) -> None:
    user, count = str(uuid.uuid4()), times(2, 20)
    replies = {seq: said(1_000, "a") for seq in range(1, count + 1)}
    took: list[float] = []
    round_trips: list[float] = []

    async def scenario() -> None:
        async with watching(product, user, replies) as one, watching(product, user, replies) as two:
            for seq in range(1, count + 1):
                await one.client.send(
                    action="message", messageId=f"m{seq}", text="1000 a", after=seq - 1
                )
                await one.shows(seq, 5 + seq)
                round_trips.append(await two.round_trip())
                begun = time.monotonic()
                await two.client.send(action="stop", seq=seq)
                turns = [await each.ended(seq) for each in (two, one)]
                took.append(time.monotonic() - begun)
                assert turns[0] == turns[1]
                assert turns[0]["status"] == "stopped"
                assert 0 < len(turns[0]["reply"]) < len(replies[seq])

    run(scenario)
    # The writer looks once a second; on a busy machine its and the stop's own way take longer.
    assert statistics.median(took) < max(1.5, 1 + 5 * statistics.median(round_trips)), took


@pytest.mark.parametrize("run_number", range(times(2, 10)))
def test_a_killed_writers_reply_is_begun_anew_and_ends_once(
    product: Product, run_number: int
) -> None:
    user, replies = str(uuid.uuid4()), {1: said(100, "a b")}
    chance = random.Random(run_number)

    async def scenario() -> None:
        async with watching(product, user, replies) as one, watching(product, user, replies) as two:
            await one.client.send(action="message", messageId="m1", text="100:60 a b", after=0)
            await one.shows(1, chance.randrange(1, 200))
            for writer in writers(product):  # one that has just ended another reply may be there
                os.kill(writer, signal.SIGKILL)
            turns = [await each.ended(1) for each in (one, two)]
            assert turns[0] == turns[1]
            assert (turns[0]["reply"], turns[0]["status"]) == (replies[1], "done")
            attempts = [frame["attempt"] for frame in one.seen if frame["type"] == "delta"]
            assert attempts == sorted(attempts)
            assert set(attempts) >= {1, 2}
            assert one.screen.gaps == 0
            assert await one.log() == [turns[0]]

    run(scenario)


class WorstDay:
    """A person whose every connection breaks, whose page reloads, and whose backend dies."""

    CUTS, RELOADS, JOINS, KILLS = 20, 2, 2, 2
    PAUSES = (0.05, 0.7)
    """Seconds from one connection to its cut."""
    # Some 2,000 tokens. Said so fast that the last writer outlives the last cut, and not by much
    # where connecting takes no time: see `pace`.
    REPEATS, MILLISECONDS, WORDS = 660, 6, "a b c"
    SLOWEST_MILLISECONDS = 60

    def __init__(self, product: Product, seed: int) -> None:
        self.product = product
        self.chance = random.Random(seed)
        self.user = str(uuid.uuid4())
        self.replies = {1: said(self.REPEATS, self.WORDS)}
        self.begun = asyncio.Event()
        self.watchers: list[Watcher] = []
        self.cut_in_mid_reply = 0
        self.milliseconds = self.MILLISECONDS

    async def live(self) -> None:
        """All of it at once."""
        finished = len(self.finished())
        self.milliseconds = await self.pace()
        *screens, _ = await asyncio.gather(
            self.flaky(), *(self.joining() for _ in range(self.JOINS)), self.killing()
        )
        async with watching(self.product, self.user, self.replies) as last:
            kept = await last.log()
        assert [turn["reply"] for turn in kept] == [self.replies[1]]
        assert kept[0]["status"] == "done"
        for screen in screens:
            assert screen
            assert screen.turns == {1: kept[0]}
        assert self.attempt == self.KILLS + 1, "each killed in mid-reply"
        assert self.cut_in_mid_reply == self.CUTS
        assert len(self.finished()) == finished + 1, "the model finished once"

    async def pace(self) -> int:
        """Milliseconds from word to word, the more the longer connecting takes just now."""
        count, begun = 4, time.monotonic()
        for _ in range(count):
            async with watching(self.product, str(uuid.uuid4()), {}) as stranger:
                await stranger.until(Watcher.has_resumed)
        connecting = (time.monotonic() - begun) / count
        longer = 1 + 2 * connecting / statistics.mean(self.PAUSES)
        return min(round(self.MILLISECONDS * longer), self.SLOWEST_MILLISECONDS)

    async def flaky(self) -> Screen:
        """The asking device: cut off again and again, and twice reloaded."""
        screen, reloads = Screen(), set(self.chance.sample(range(self.CUTS), self.RELOADS))
        for cut in range(self.CUTS + 1):
            screen = Screen() if cut in reloads else screen
            async with self.watching(screen) as watcher:
                if not self.begun.is_set():
                    text = f"{self.REPEATS}:{self.milliseconds} {self.WORDS}"
                    await watcher.client.send(action="message", messageId="m1", text=text, after=0)
                    await watcher.until(lambda each: each.status(1) != "")
                    self.begun.set()
                if cut == self.CUTS:
                    await self.patient(watcher)
                else:
                    await asyncio.sleep(self.chance.uniform(*self.PAUSES))
                    self.cut_in_mid_reply += watcher.status(1) in ("", "pending")
                    watcher.client.tear()
        return screen

    async def joining(self) -> Screen:
        """A device that comes when it likes, and stays."""
        await self.begun.wait()
        await asyncio.sleep(self.chance.uniform(0, 5))
        async with self.watching(Screen()) as watcher:
            await self.patient(watcher)
        return watcher.screen

    async def patient(self, watcher: Watcher) -> None:
        """Wait for the end, and ask when nothing more is heard."""
        while watcher.status(1) in ("", "pending"):
            heard = len(watcher.seen)
            await asyncio.sleep(LEASE_SECONDS + 0.5)
            if len(watcher.seen) == heard:
                await watcher.client.send(action="resume", **watcher.screen.place)

    async def killing(self) -> None:
        """Each worker dies in mid-reply, but for the last."""
        for attempt in range(1, self.KILLS + 1):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while self.attempt < attempt:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(self.chance.uniform(0, 2))
            for writer in writers(self.product):
                os.kill(writer, signal.SIGKILL)

    @property
    def attempt(self) -> int:
        """The newest attempt at the reply that a screen has shown."""
        drafts = (each.screen.drafts.get(1) for each in self.watchers)
        return max((draft.attempt for draft in drafts if draft), default=0)

    def finished(self) -> list[str]:
        """What the writers of replies have logged of those that they ended."""
        [log] = (self.product.data_dir / "logs").glob("ReplyFunction.log")
        return [line for line in log.read_text().splitlines() if '"replied"' in line]

    @asynccontextmanager
    async def watching(self, screen: Screen) -> AsyncIterator[Watcher]:
        """One of the person's devices, on a connection of its own."""
        async with watching(self.product, self.user, self.replies, screen) as watcher:
            self.watchers.append(watcher)
            yield watcher


@pytest.mark.parametrize("seed", range(times(1, 50)))
def test_no_screen_ever_shows_a_wrong_character_on_the_worst_of_days(
    product: Product, seed: int
) -> None:
    async def scenario() -> None:
        await WorstDay(product, seed).live()

    run(scenario)


def test_a_reply_of_a_minute_ends_without_an_error(product: Product) -> None:
    """A soak's minute is past the 29 seconds of API Gateway."""
    seconds = times(5, 60)
    count = 40 * seconds
    user, replies = str(uuid.uuid4()), {1: said(count, "a")}

    async def scenario() -> None:
        async with watching(product, user, replies) as one:
            begun = time.monotonic()
            text = f"{count}:25 a"
            await one.client.send(action="message", messageId="m1", text=text, after=0)
            assert (await one.ended(1))["reply"] == replies[1]
            assert time.monotonic() - begun > seconds
            assert {frame["type"] for frame in one.seen} <= {
                "snapshot",
                "accepted",
                "turn",
                "delta",
            }

    run(scenario)


def test_an_event_that_is_delivered_more_than_once_makes_one_reply(
    tmp_path: Path,
) -> None:
    faults = "duplicate_event=1:0,delay_event=0.5:1"
    talker = "BotClass=bots.talker:Talker"  # with leases that do not run out meanwhile
    twice = Product(tmp_path, ["--no-reload", "--faults", faults, "--parameter-overrides", talker])
    user, count = str(uuid.uuid4()), times(4, 30)
    replies = {seq: said(20, f"w{seq}") for seq in range(1, count + 1)}

    async def scenario() -> None:
        async with watching(twice, user, replies) as one:
            for seq in range(1, count + 1):
                text = f"20 w{seq}"
                await one.client.send(
                    action="message", messageId=f"m{seq}", text=text, after=seq - 1
                )
                assert (await one.ended(seq))["reply"] == replies[seq]
            attempts = [frame["attempt"] for frame in one.seen if frame["type"] == "delta"]
            assert set(attempts) == {1}
            assert [turn["seq"] for turn in await one.log()] == list(range(1, count + 1))

    twice.start()
    try:
        run(scenario)
    finally:
        assert twice.stop() == 0
