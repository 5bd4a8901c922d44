"""What a turn costs in DynamoDB, early and late in one conversation: Parley's and others'.

Run as `PYTHONPATH=src:. python benchmarks/turn_cost.py [--quick]`; prints Markdown tables. Parley's
turns go the real way, from API Gateway's event through the message handler to @connections, against
the embedded engine. What is counted, and how, is told in docs/benchmarks.md.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from benchmarks.rivals import Course, LangChain, OneItem, create_rivals_table, run
from benchmarks.turn_cost_engine import Ground, ground
from benchmarks.turn_cost_meter import Cost
from benchmarks.turn_cost_parley import Parley
from benchmarks.turn_cost_samples import samples

TURNS = (1, 100, 400, 1_000, 10_000)
QUICK_TURNS = (1, 100, 1_000)
CONVERSATION = "conversation"
"""Kind of the item that lists a conversation: written with its first turn, refreshed at most once a
minute."""

LONGEST_USER = (
    "user:cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi"
    ":5b2f7c1e-93d4-4a06-8e57-d10c6ab9f438"
)
"""A longest user id that is likely; a guest's has 70 characters."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One turn of Parley: by a function that knows the conversation, and by one just started."""

    warm: Cost
    cold: Cost
    before: Cost
    """The turn before it, the first in two minutes."""
    fork: Cost
    """A fork at this turn, by a function just started."""


def measure(parley: Parley, turn: int) -> Measured:
    """Take turn `turn` twice: warm, and cold once it has been undone."""
    parley.fill(turn - 2)
    warm_function = parley.function()
    before = parley.resume(warm_function)
    if turn > 1:
        before = parley.say(warm_function, turn - 1)
    warm = parley.say(warm_function, turn)
    parley.undo(turn)
    cold = parley.say(parley.function(), turn)
    return Measured(warm, cold, before, fork=parley.fork(parley.function(), turn))


def weigh(parley: Parley, head: int) -> list[tuple[int, float]]:
    """Take a turn of each sample after turn `head`: the bytes and the write units of its item."""
    function = parley.function()
    weighed = []
    for seq in range(head + 1, head + 1 + len(samples())):
        cost = parley.say(function, seq)
        weighed.append((parley.stored_bytes(seq), cost.part("turn").write_units))
    return weighed


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only as far as turn 1,000")
    turns = QUICK_TURNS if parser.parse_args(arguments).quick else TURNS
    with ground() as here:
        parley = Parley(here, LONGEST_USER, str(uuid4()))
        measured = {turn: measure(parley, turn) for turn in turns}
        weighed = weigh(parley, turns[-1])
        rivals = _rivals(here, turns)
    print(*_report(turns, measured, rivals), _weights(weighed), sep="\n")


def _rivals(here: Ground, turns: Sequence[int]) -> dict[str, Course | None]:
    create_rivals_table()
    courses: dict[str, Course | None] = {
        "AWS's sample: the whole conversation in one item": run(here.meter, OneItem(), turns)
    }
    try:
        langchain = LangChain()
    except ModuleNotFoundError:
        courses["LangChain (not installed: `make bench` does it)"] = None
    else:
        courses["LangChain's `DynamoDBChatMessageHistory`"] = run(here.meter, langchain, turns)
    return courses


def _report(
    turns: Sequence[int], measured: dict[int, Measured], rivals: dict[str, Course | None]
) -> Iterable[str]:
    warm = {turn: each.warm.without(CONVERSATION) for turn, each in measured.items()}
    cold = {turn: each.cold.without(CONVERSATION) for turn, each in measured.items()}
    yield "Requests / write units / read units of a turn\n"
    yield from _head(turns, "ends")
    bound = {turn: each.part("turn") for turn, each in warm.items()}
    yield _row("The append alone: the bound", turns, bound, "never")
    yield _row("**Parley, warm**", turns, warm, "never")
    yield _row("**Parley, cold**", turns, cold, "never")
    for name, course in rivals.items():
        yield _row(name, turns, course.costs if course else {}, _end(course))
    forks = {turn: each.fork for turn, each in measured.items()}
    yield _row("A fork at this turn, cold", turns, forks, "never")
    yield from _refreshes(measured)
    yield "\nPrice of a turn, as a multiple of Parley's when warm\n"
    yield from _head(turns)
    for name, costs in {"Parley, cold": cold, **_costs(rivals)}.items():
        ratios = {turn: f"{costs[turn].price / warm[turn].price:.1f}" for turn in costs}
        yield _row(name, turns, ratios)
    for name, course in rivals.items():
        if course and course.failed_at:
            yield f"\n{name} fails at turn {course.failed_at:,}: {course.failure}"


def _refreshes(measured: dict[int, Measured]) -> Iterable[str]:
    yield "\nApart from these, the item that lists the conversation, at most once a minute\n"
    yield "| | request | write units |\n|---|---|---|"
    seen = (
        (name, request)
        for each in measured.values()
        for name, cost in (("With the first turn", each.warm), ("Later", each.before))
        for request in cost.part(CONVERSATION).requests
    )
    for name, request in dict(seen).items():
        yield f"| {name} | {request.operation} | {request.write_units:g} |"


def _weights(weighed: list[tuple[int, float]]) -> str:
    sizes, units = zip(*weighed, strict=True)
    return (
        f"\nItems of {len(weighed)} sorts of turns, with the longest ids: {min(sizes):,} to "
        f"{max(sizes):,} of a write unit's 1,024 bytes, {max(units):g} write unit(s) at most."
    )


def _costs(rivals: dict[str, Course | None]) -> dict[str, dict[int, Cost]]:
    return {name: course.costs for name, course in rivals.items() if course}


def _end(course: Course | None) -> str:
    if course is None:
        return "?"
    return f"turn {course.failed_at:,}" if course.failed_at else "not yet"


def _head(turns: Sequence[int], *more: str) -> Iterable[str]:
    names = ["", *(f"turn {turn:,}" for turn in turns), *more]
    yield f"| {' | '.join(names)} |"
    yield "|---" * len(names) + "|"


def _row(
    name: str, turns: Sequence[int], cells: dict[int, Cost] | dict[int, str], *more: str
) -> str:
    return f"| {' | '.join([name, *(str(cells.get(turn, '–')) for turn in turns), *more])} |"


if __name__ == "__main__":
    main()
