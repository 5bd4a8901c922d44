"""Dollars per million chat turns and per million pushes, by component, beside AWS's sample.

Run as `PYTHONPATH=src:. python benchmarks/cost.py`; prints the tables of docs/cost.md. What is used
is measured (benchmarks/cost_measured.py), prices are those of benchmarks/prices.yaml.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from benchmarks.cost_measured import BATCH, Usage, chat_turn, pushed, sample_turn
from benchmarks.rivals import create_rivals_table
from benchmarks.turn_cost_engine import Ground, ground

MILLION = 1_000_000

COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "API Gateway: messages": ("messages",),
    "API Gateway: connection minutes": ("minutes",),
    "Lambda: invocations": ("invocations",),
    "Lambda: GB-seconds": ("gb_seconds",),
    "DynamoDB: writes": ("write_units",),
    "DynamoDB: reads": ("read_units",),
    "DynamoDB: a month's storage": ("stored_bytes",),
    "SQS": ("queue_requests",),
    "CloudWatch: logs": ("log_bytes",),
}

USED = {
    "messages": "messages",
    "minutes": "connection minutes",
    "invocations": "invocations",
    "gb_seconds": "GB-seconds",
    "write_units": "write units",
    "read_units": "read units",
    "stored_bytes": "bytes stored",
    "queue_requests": "SQS requests",
    "log_bytes": "bytes of logs",
}


@dataclass(frozen=True, slots=True)
class Price:
    """What so many of something cost."""

    dollars: float
    per: int
    of: str
    source: str
    seen: str


@cache
def prices() -> dict[str, Price]:
    """Read them."""
    written = yaml.safe_load(Path(__file__).with_name("prices.yaml").read_text(encoding="utf-8"))
    return {name: Price(**price) for name, price in written["prices"].items()}


def dollars(usage: Usage, names: Iterable[str], count: int = MILLION) -> float:
    """What so many of it cost, as far as these are concerned."""
    return sum(
        float(getattr(usage, name)) * count * prices()[name].dollars / prices()[name].per
        for name in names
    )


def measure(here: Ground) -> dict[str, Usage]:
    """Everything that is on the page."""
    create_rivals_table()
    return {
        "chat turn 10": chat_turn(here, 10),
        "chat turn 1,000": chat_turn(here, 1_000),
        "push, ten in a batch": pushed(here, BATCH),
        "push, alone": pushed(here, 1),
        "push, new conversation": pushed(here, BATCH, warm=False),
        "the sample's turn 10": sample_turn(here, 10),
        "the sample's turn 100": sample_turn(here, 100),
        "the sample's turn 400": sample_turn(here, 400),
    }


def report(measured: Mapping[str, Usage]) -> str:
    """The tables in Markdown."""
    lines = ["Dollars per million\n", *_head(measured)]
    for component, names in COMPONENTS.items():
        cells = [f"{dollars(usage, names):,.2f}" for usage in measured.values()]
        lines.append(f"| {component} | {' | '.join(cells)} |")
    totals = [f"**{dollars(usage, USED):,.2f}**" for usage in measured.values()]
    lines += [f"| **all** | {' | '.join(totals)} |", "\nOf each is used\n", *_head(measured)]
    for name, told in USED.items():
        cells = [f"{getattr(usage, name):,.4g}" for usage in measured.values()]
        lines.append(f"| {told} | {' | '.join(cells)} |")
    lines += ["\nPrices\n", "| | dollars | source | seen at |", "|---|---|---|---|"]
    lines += [
        f"| {price.per:,} {price.of} | {price.dollars:.10g} | {price.source} | {price.seen} |"
        for price in prices().values()
    ]
    return "\n".join(lines)


def _head(measured: Mapping[str, Usage]) -> list[str]:
    return [f"| | {' | '.join(measured)} |", "|---" * (len(measured) + 1) + "|"]


def main() -> None:
    """Measure and print."""
    with ground() as here:
        print(report(measure(here)))


if __name__ == "__main__":
    main()
