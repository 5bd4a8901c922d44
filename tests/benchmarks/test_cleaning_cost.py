"""The cleaner on a table of which most is dead: exactly that goes, at a known cost a row."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from benchmarks import cleaning_cost
from benchmarks.cleaning_cost import KINDS, Kind, measure
from benchmarks.turn_cost_engine import CONNECTIONS, Ground, ground
from tests.support.soak import times

ROWS = times(1_000, 100_000)
FEW = 20


@pytest.fixture(scope="module")
def engine() -> Iterator[Ground]:
    with ground() as made:
        yield made


@pytest.fixture
def here(engine: Ground) -> Iterator[Ground]:
    """The engine, left without a row."""
    yield engine
    cleaning_cost.clear()


@pytest.mark.timeout(3_600)
def test_exactly_the_dead_are_reaped_in_several_bounded_runs_at_the_stated_cost(
    here: Ground,
) -> None:
    measured = measure(here, KINDS, ROWS, run=timedelta(seconds=ROWS / 400))
    assert measured.kept == measured.alive == measured.open
    assert len(measured.alive) == ROWS // 100
    reaped = sum(run.reaped for run in measured.runs)
    assert reaped == ROWS - len(measured.alive)
    assert len(measured.runs) >= 3
    assert [run.unclear for run in measured.runs] == [0] * len(measured.runs)
    assert all(run.reaped < ROWS // 2 for run in measured.runs)
    assert {request.about for request in measured.cost.requests} == {CONNECTIONS}
    lists = sum(request.operation == "Query" for request in measured.cost.requests)
    assert measured.cost.sent == len(measured.cost.requests) < 1.12 * reaped + lists
    assert measured.cost.write_units < 3.02 * reaped
    assert sum(measured.calls.values()) < 0.1 * reaped


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_row_costs_what_the_docs_say(here: Ground, kind: Kind) -> None:
    measured = measure(here, [kind], FEW, run=timedelta(hours=1))
    assert bool(measured.kept) is not kind.dead
    requests = Counter(each.operation for each in measured.cost.requests)
    del requests["Query"]
    if kind.ended is not None:
        assert requests == {"DeleteItem": FEW}
    elif kind.dead:
        assert requests == {"GetItem": FEW, "DeleteItem": FEW}
    else:
        asked = FEW if measured.calls else 0
        assert requests == Counter({"GetItem": asked, "UpdateItem": asked})
    writes = [each for each in measured.cost.requests if each.write_units]
    assert {each.write_units for each in writes} <= {3}
    assert all(each.conditional for each in writes)
    assert sum(measured.calls.values()) <= FEW
