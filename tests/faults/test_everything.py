"""Row 39: all of it mixed. Fifty people with three devices each, for minutes.

Every round is a world of its own with a seed of its own: tables and @connections that fail, a
Lambda that kills, repeats and delays, late and lost disconnects, deletions, sign-ins, stops. Then
the storm is over, everyone comes back, and the history is judged.
"""

import time
import zlib
from collections.abc import Generator
from random import Random

import pytest

from bot.models import Message, Outcome, Snapshot
from bot.ports import Bot, Call, StreamingBot
from tests.support.bots import Parrot
from tests.support.crowd import WORDS, Person
from tests.support.fault_report import Rows
from tests.support.history import live_rows, table
from tests.support.invariants import check
from tests.support.soak import SOAK, times
from tests.support.storm import SPEED
from tests.support.world import World

PEOPLE = 50
ROUND_SECONDS = times(2, 12)
SOAK_SECONDS = 600
CALM_SECONDS = 120
PAUSE_SECONDS = 0.01 / SPEED
FEW_FAULTS = 50
BUSY_SECONDS = 120
"""How long a round may take, on a machine that is busy, until there were more than a few."""


class Wordy:
    """Says a number of words that the message decides, with pauses, and breaks off now and then."""

    def stream(
        self, snapshot: Snapshot, message: Message, call: Call
    ) -> Generator[str, None, Outcome | None]:
        """See the port."""
        chance = Random(zlib.crc32(message.message_id.encode()))
        for number in range(chance.randrange(1, 80)):
            yield f"{message.message_id}:{number} "
            time.sleep(chance.choice([0, 0, 0.2, 1]) / SPEED / 10)
            if chance.random() < 0.002:
                raise RuntimeError("the model broke off")
        return Outcome({"count": int(snapshot.state.get("count", 0)) + 1})


def bot_of(seed: int) -> Bot | StreamingBot:
    """Two rounds of three with a bot that streams, and one with one that does not."""
    return Parrot() if seed % 3 == 2 else Wordy()


def settle(world: World, people: list[Person]) -> None:
    """The storm is over: everyone is answered, every reply ends."""
    world.storm.calm = True
    end = time.monotonic() + CALM_SECONDS
    asked_once_more = False
    while not asked_once_more:
        assert time.monotonic() < end, "some were never answered, or a reply never ended"
        unsettled = [person for person in people if not person.is_settled]
        asked_once_more = not unsettled
        for person in unsettled or people:
            person.calm_down()
        time.sleep(0.5 / SPEED)
        while world.is_busy and time.monotonic() < end:
            time.sleep(0.01)
        for person in people:
            person.read_all()
    for person in people:
        person.note_what_is_shown()


def one_round(seed: int, seconds: float) -> World:
    """Live through a storm, and hold what it has left against the invariants."""
    chance, world = Random(seed), World(seed, bot_of(seed))
    world.history.unspoken.add(WORDS)
    people = [Person(world, chance, number) for number in range(PEOPLE)]
    try:
        begun = time.monotonic()
        while (lived := time.monotonic() - begun) < BUSY_SECONDS:
            if lived >= seconds and world.storm.faults > FEW_FAULTS:
                break
            chance.choice(people).step()
            time.sleep(PAUSE_SECONDS)
        settle(world, people)
    finally:
        world.close()
    users = {key.user_id for person in people for key in person.keys}
    world.history.active = live_rows(world.connections, users)
    keys = [key for person in people for key in person.keys]
    check(world.history, {key: table(world.store, key) for key in keys})
    return world


@pytest.mark.timeout(7_200)
def test_all_of_it_mixed_breaks_no_invariant(row: Rows) -> None:
    end = time.monotonic() + (SOAK_SECONDS if SOAK else 0)
    seed = int(time.time()) if SOAK else 39
    for number in range(times(2, 10_000)):
        with row(39, seed=seed + number) as run:
            world = one_round(seed + number, ROUND_SECONDS)
            run.inject(world.storm.faults)
            assert world.storm.faults > FEW_FAULTS, "there was a storm"
        if SOAK and time.monotonic() > end:
            break
