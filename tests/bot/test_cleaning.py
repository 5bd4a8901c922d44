"""What the cleaner does with each row: whom it asks, closes, removes, and leaves alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.connections.cleaning import (
    DOUBTED_AFTER,
    INACTIVE_KEPT,
    SLACK,
    Cleaned,
    Cleaning,
    Verdict,
    judge,
)
from bot.connections.ports import Part
from bot.errors import ConnectionGone, SendFailed, StoreUnavailable
from bot.limits import CONNECTION_LIFETIME
from bot.models import Connection, Sighting
from store.memory.census import MemoryConnectionCensus
from tests.support.clock import START, FakeClock
from tests.support.turns import ANA

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
HOURS = timedelta(hours=1)


class Gate:
    """@connections: knows who is there, and fails where it is told to."""

    def __init__(self, *there: str) -> None:
        self.there = set(there)
        self.failing: set[str] = set()
        self.asked: list[str] = []
        self.closed: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def is_open(self, connection_id: str) -> bool:
        """See the port."""
        self.asked.append(connection_id)
        self._answer(connection_id)
        return connection_id in self.there

    def close(self, connection_id: str) -> None:
        """See the port."""
        self._answer(connection_id)
        if connection_id not in self.there:
            raise ConnectionGone
        self.there.discard(connection_id)
        self.closed.append(connection_id)

    def _answer(self, connection_id: str) -> None:
        self.meanwhile()
        if connection_id in self.failing:
            raise SendFailed("ForbiddenException")


class Scene:
    """A census with rows of one user, and a cleaner."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.census = MemoryConnectionCensus()
        self.gate = Gate()

    def connect(self, name: str, until: timedelta | None = None) -> None:
        """Open a connection, of a token that ends in so long."""
        now = self.clock()
        end = None if until is None else (now + until).timestamp()
        self.census.add(Connection(ANA, name, "example.test", "prod", now, end))
        self.gate.there.add(name)

    def lose(self, name: str) -> None:
        """End a connection without a `$disconnect`."""
        self.gate.there.discard(name)

    def disconnect(self, name: str) -> None:
        """End a connection as it should."""
        self.lose(name)
        self.census.deactivate(ANA, name, self.clock())

    def clean(self, seconds: float = 210) -> Cleaned:
        """One run."""
        cleaning = Cleaning(self.census, self.gate, self.clock, list[Part].reverse)
        return cleaning.run(self.clock() + timedelta(seconds=seconds))

    @property
    def rows(self) -> set[str]:
        """Whose rows there are."""
        return {name for _, name in self.census._rows}


@pytest.fixture
def scene() -> Scene:
    return Scene()


def cleaned(reaped: int = 0, closed: int = 0, confirmed: int = 0, unclear: int = 0) -> Cleaned:
    """A run that came to its end."""
    return Cleaned(reaped, closed, confirmed, unclear, finished=True)


@pytest.mark.parametrize(
    ("age", "left", "verdict"),
    [
        (30 * MINUTE, None, Verdict.ASK),
        (CONNECTION_LIFETIME + SLACK - SECOND, None, Verdict.ASK),
        (CONNECTION_LIFETIME + SLACK, None, Verdict.CLOSE),
        (3 * HOURS - SECOND, None, Verdict.CLOSE),
        (3 * HOURS, None, Verdict.REMOVE),
        (30 * MINUTE, MINUTE, Verdict.ASK),
        (30 * MINUTE, -SLACK + SECOND, Verdict.ASK),
        (30 * MINUTE, -SLACK, Verdict.CLOSE),
        (3 * HOURS, MINUTE, Verdict.REMOVE),
    ],
)
def test_age_and_credential_decide(age: timedelta, left: timedelta | None, verdict: str) -> None:
    until = None if left is None else (START + left).timestamp()
    assert judge(Connection(ANA, "c=", "", "", START - age, until), START) == verdict


def test_what_has_ended_is_removed_and_nobody_is_asked(scene: Scene) -> None:
    scene.connect("ended=")
    scene.connect("here=")
    scene.disconnect("ended=")
    scene.clock.advance(seconds=INACTIVE_KEPT.total_seconds())
    assert scene.clean() == cleaned()
    scene.clock.advance(seconds=1)
    assert scene.clean() == cleaned(reaped=1)
    assert (scene.rows, scene.gate.asked) == ({"here="}, [])


def test_what_was_not_seen_for_long_is_asked_after_once_in_a_while(scene: Scene) -> None:
    scene.connect("here=")
    scene.connect("lost=")
    scene.lose("lost=")
    scene.clock.advance(seconds=DOUBTED_AFTER.total_seconds() + 1)
    assert scene.clean() == cleaned(reaped=1, confirmed=1)
    assert scene.rows == {"here="}
    assert scene.clean() == cleaned()
    assert sorted(scene.gate.asked) == ["here=", "lost="]
    scene.clock.advance(seconds=DOUBTED_AFTER.total_seconds() + 1)
    assert scene.clean() == cleaned(confirmed=1)
    assert [each.connection_id for each in scene.census.live(ANA, scene.clock())] == ["here="]


@pytest.mark.parametrize("there", [True, False])
def test_what_is_older_than_a_connection_can_be_is_closed(scene: Scene, there: bool) -> None:
    scene.connect("old=")
    if not there:
        scene.lose("old=")
    scene.clock.advance(seconds=(CONNECTION_LIFETIME + SLACK).total_seconds())
    assert scene.clean() == cleaned(reaped=1, closed=int(there))
    assert (scene.rows, scene.gate.there, scene.gate.asked) == (set(), set(), [])


def test_a_connection_whose_credential_has_run_out_is_closed(scene: Scene) -> None:
    scene.connect("over=", until=10 * MINUTE)
    scene.connect("renewed=", until=10 * MINUTE)
    scene.clock.advance(minutes=9)
    scene.census.renew(ANA, "renewed=", (scene.clock() + 10 * HOURS).timestamp())
    scene.clock.advance(minutes=22)
    assert scene.clean() == cleaned(reaped=1, closed=1, confirmed=1)
    assert scene.rows == scene.gate.there == {"renewed="}


def test_where_there_is_no_answer_the_row_stays(scene: Scene) -> None:
    scene.connect("doubted=")
    scene.connect("over=", until=MINUTE)
    scene.gate.failing = {"doubted=", "over="}
    scene.clock.advance(minutes=31)
    assert scene.clean() == cleaned(unclear=2)
    assert scene.rows == {"doubted=", "over="}
    scene.gate.failing.clear()
    assert scene.clean() == cleaned(reaped=1, closed=1, confirmed=1)
    assert scene.rows == {"doubted="}


def test_a_row_that_has_expired_goes_though_nobody_answers(scene: Scene) -> None:
    scene.connect("old=")
    scene.gate.failing = {"old="}
    scene.clock.advance(hours=3)
    assert scene.clean() == cleaned(reaped=1)
    assert scene.rows == set()


@pytest.mark.parametrize("change", ["ends", "was seen", "is removed"])
def test_a_row_that_changes_while_connections_is_asked_is_left_alone(
    scene: Scene, change: str
) -> None:
    scene.connect("c=")
    scene.lose("c=")
    scene.clock.advance(minutes=31)
    before = Sighting(ANA, "c=", True, START)

    def meanwhile() -> None:
        if change == "ends":
            scene.census.deactivate(ANA, "c=", scene.clock())
        elif change == "was seen":
            scene.census.see(before, scene.clock())
        else:
            scene.census.remove(before)

    scene.gate.meanwhile = meanwhile
    assert scene.clean() == cleaned()
    assert scene.rows == (set() if change == "is removed" else {"c="})


class Lagging(MemoryConnectionCensus):
    """Its index shows what once was, and nothing newer."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Sighting] = []

    def unseen(self, part: Part, since: datetime) -> Iterator[Sequence[Sighting]]:
        """See the port."""
        yield [each for each in self.shown if each.active == part[0]]


def test_an_index_that_lags_makes_nobody_be_asked_or_touched(scene: Scene) -> None:
    scene.census = lagging = Lagging()
    for name in ("here=", "ended=", "gone="):
        scene.connect(name)
    lagging.shown = [Sighting(ANA, name, True, START) for name in ("ended=", "gone=")]
    # Said to have ended, and said to be here since before it was: no such rows are there.
    lagging.shown += [
        Sighting(ANA, "here=", False, START),
        Sighting(ANA, "here=", True, START - HOURS),
    ]
    scene.disconnect("ended=")
    scene.census.remove(Sighting(ANA, "gone=", True, START))
    scene.clock.advance(hours=4)
    assert scene.clean() == cleaned()
    assert scene.rows == {"here=", "ended="}
    assert (scene.gate.asked, scene.gate.closed) == ([], [])


def test_a_table_that_fails_for_one_row_does_not_keep_the_others(scene: Scene) -> None:
    class Failing(MemoryConnectionCensus):
        def remove(self, sighting: Sighting) -> bool:
            if sighting.connection_id == "b=":
                raise StoreUnavailable("no")
            return super().remove(sighting)

    scene.census = Failing()
    for name in ("a=", "b=", "c="):
        scene.connect(name)
        scene.disconnect(name)
    scene.clock.advance(minutes=11)
    assert scene.clean() == cleaned(reaped=2, unclear=1)
    assert scene.rows == {"b="}


def test_a_list_that_cannot_be_read_fails_the_run(scene: Scene) -> None:
    class Unreadable(MemoryConnectionCensus):
        def unseen(self, part: Part, since: datetime) -> Iterator[Sequence[Sighting]]:
            raise StoreUnavailable("no")

    scene.census = Unreadable()
    with pytest.raises(StoreUnavailable):
        scene.clean()


def test_a_run_ends_when_its_time_is_up_and_the_next_goes_on(scene: Scene) -> None:
    for number in range(100):
        scene.connect(f"c{number}=")
        scene.lose(f"c{number}=")
    scene.clock.advance(minutes=31)
    scene.gate.meanwhile = lambda: scene.clock.advance(seconds=1)
    left = [100]
    while scene.rows:
        run = scene.clean(seconds=20)
        left.append(len(scene.rows))
        assert run.reaped == left[-2] - left[-1]
        assert 20 <= run.reaped <= 30 or not scene.rows
        assert not run.finished
    assert len(left) > 4
    assert scene.clean() == cleaned()


def test_a_run_without_time_touches_nothing(scene: Scene) -> None:
    scene.connect("old=")
    scene.clock.advance(hours=5)
    assert scene.clean(seconds=0) == replace(cleaned(), finished=False)
    assert scene.rows == {"old="}
