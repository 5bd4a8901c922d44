"""The figures of docs/cost.md are those that benchmarks/cost.py reckons, and it reckons rightly."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from benchmarks import cost, cost_measured
from benchmarks.cost_measured import Usage
from benchmarks.turn_cost_engine import ground

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cost.md").read_text(encoding="utf-8")
FLUCTUATES = ("bytes of logs", "CloudWatch: logs", "**all**", "bytes stored", "storage")
"""Rows in which ids and times of a run count by a few bytes."""


@pytest.fixture(scope="module")
def measured() -> Iterator[Mapping[str, Usage]]:
    with ground() as here:
        yield cost.measure(here)


def test_the_page_says_what_the_script_says(measured: Mapping[str, Usage]) -> None:
    for line in cost.report(measured).splitlines():
        if any(name in line for name in FLUCTUATES) and line.startswith("|"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            said = re.search(rf"^\| {re.escape(name)} \|(.*)\|$", PAGE, re.MULTILINE)
            assert said, line
            told = [_number(cell) for cell in said[1].split("|")]
            if "source" not in line and "http" not in line:
                assert told == pytest.approx([_number(cell) for cell in cells], rel=0.05, abs=0.05)
        else:
            assert line in PAGE, line


def test_a_turn_costs_the_same_late_as_early(measured: Mapping[str, Usage]) -> None:
    early, late = measured["chat turn 10"], measured["chat turn 1,000"]
    for name in ("messages", "invocations", "gb_seconds", "write_units", "read_units"):
        assert getattr(early, name) == getattr(late, name)


def test_a_warm_push_is_one_write_one_read_and_one_message(measured: Mapping[str, Usage]) -> None:
    usage = measured["push, ten in a batch"]
    assert (usage.write_units, usage.read_units, usage.messages) == (1, 1, 1)


def test_ten_groups_take_two_rounds_of_a_function_that_has_eight_side_by_side(
    measured: Mapping[str, Usage],
) -> None:
    own, call, calls_of_a_push = 0.005, 0.010, 3
    batch = measured["push, ten in a batch"].gb_seconds * 10
    assert batch == pytest.approx(own + 2 * calls_of_a_push * call)


def test_what_is_kept_is_whole_items_and_what_is_charged_for_each(
    measured: Mapping[str, Usage],
) -> None:
    alone, first = measured["push, alone"], measured["push, new conversation"]
    assert alone.stored_bytes == pytest.approx(measured["push, ten in a batch"].stored_bytes, abs=9)
    entry = first.stored_bytes - alone.stored_bytes
    assert entry > cost_measured.ITEM_BYTES, "its entry in the list is an item too"


def test_every_price_is_of_something_that_is_measured_and_has_its_source() -> None:
    assert set(cost.prices()) == {each.name for each in fields(Usage)} == set(cost.USED)
    for price in cost.prices().values():
        assert price.source.startswith("https://aws.amazon.com/")


def test_the_components_are_all_that_is_charged_for_each_once() -> None:
    named = [name for names in cost.COMPONENTS.values() for name in names]
    assert sorted(named) == sorted(cost.USED)


def test_dollars_are_use_times_price() -> None:
    usage = Usage(messages=2, write_units=3)
    assert cost.dollars(usage, ["messages"]) == pytest.approx(2.0)
    assert cost.dollars(usage, cost.USED) == pytest.approx(2.0 + 3 * 0.625)


def _number(cell: str) -> float:
    try:
        return float(cell.strip().strip("*").replace(",", ""))
    except ValueError:
        return 0
