"""A pytest plugin: counts what each row of the table of faults injects, and whether it held.

A test says which row it is of. Where it injects as many faults as it has cases, a marker does:

    @pytest.mark.row(24)        # each case injects one fault; @pytest.mark.row(37, 500): 500
    def test_...

Where it counts them itself, or one test has several runs, the fixture `row` does:

    def test_...(row: Rows) -> None:
        for seed in range(times(3, 700)):
            with row(13, seed=seed) as run:
                ...
                run.inject()    # one more fault was really injected; run.inject(5): five more

A run that ends by an exception is a violation, and the exception tells its row and seed. The end
of the session prints the table; `--fault-table FILE` writes it there, as Markdown. A whole session
fails where a row has no run, and with SOAK=1 where it has injected less than its full count.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.fault_table import ROWS
from tests.support.soak import SOAK


class Run:
    """One run of a row."""

    def __init__(self, number: int, seed: object = None) -> None:
        self.number = number
        self.seed = seed
        self.injected = 0

    def inject(self, count: int = 1) -> None:
        """Note that faults were injected."""
        self.injected += count


Rows = Callable[..., AbstractContextManager[Run]]
"""What the fixture `row` is: `row(number, seed=...)`."""


@dataclass
class Tally:
    """What has become of a row: runs, the faults injected in them, those that held, violations."""

    runs: int = 0
    injected: int = 0
    held: int = 0
    violated: int = 0

    def count(self, injected: int, *, held: bool) -> None:
        """Count one run."""
        self.runs += 1
        self.injected += injected
        if held:
            self.held += injected
        else:
            self.violated += 1


class FaultReport:
    """The tallies of a session."""

    def __init__(self) -> None:
        self.tallies = {number: Tally() for number in ROWS}

    @contextmanager
    def run(self, number: int, seed: object = None) -> Iterator[Run]:
        """One run of a row: what is raised in it is a violation."""
        run = Run(number, seed)
        try:
            yield run
        except pytest.skip.Exception:
            raise
        except BaseException as error:
            self.tallies[number].count(run.injected, held=False)
            error.add_note(f"row {number} ({ROWS[number].fault}), seed {seed}")
            raise
        self.tallies[number].count(run.injected, held=True)

    @property
    def is_empty(self) -> bool:
        """Whether no row was run."""
        return not any(tally.runs for tally in self.tallies.values())

    def missing(self, *, soak: bool) -> list[str]:
        """What a whole session should have run, and has not."""
        return [
            f"row {number}: {tally.injected} of {wanted}"
            for number, tally in self.tallies.items()
            if tally.injected < (wanted := ROWS[number].full if soak else 1)
        ]

    def part(self) -> dict[str, list[int]]:
        """The tallies, as one process tells them to another."""
        return {str(number): list(astuple(each)) for number, each in self.tallies.items()}

    def add(self, part: dict[str, list[int]]) -> None:
        """Count what another process has counted."""
        for number, counts in part.items():
            mine = self.tallies[int(number)]
            sums = (each + more for each, more in zip(astuple(mine), counts, strict=True))
            self.tallies[int(number)] = Tally(*sums)

    def table(self) -> list[str]:
        """The rows in Markdown."""
        return [
            "| # | fault | holds | runs | injected | full count | held | violated |",
            "|---|---|---|---|---|---|---|---|",
            *(
                f"| {number} | {row.fault} | {row.holds} | {tally.runs:,} | {tally.injected:,} "
                f"| {row.full:,} | {tally.held:,} | {tally.violated:,} |"
                for number, row in ROWS.items()
                if (tally := self.tallies[number]).runs
            ),
        ]


PART = "fault tallies"
"""What a process of several calls its part of the report."""

REPORT = pytest.StashKey[FaultReport]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """See pytest."""
    parser.addoption("--fault-table", metavar="FILE", help="write the table of faults there")


def pytest_configure(config: pytest.Config) -> None:
    """See pytest."""
    config.stash[REPORT] = FaultReport()
    config.addinivalue_line("markers", "row(number, injected=1): a row of the table of faults")


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Rows:
    """Begin a run of a row: `with row(13, seed=seed) as run`."""
    return request.config.stash[REPORT].run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Count a test that a marker says is of a row."""
    marker = item.get_closest_marker("row")
    if not marker:
        return (yield)
    number, injected = (*marker.args, 1)[:2]
    with item.config.stash[REPORT].run(number, seed=item.name) as run:
        run.inject(injected)
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole session that has not run the whole table; one of many processes tells its part.

    First, for the exit code is the session's when this is done.
    """
    report = session.config.stash[REPORT]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[PART] = report.part()
        return
    if _is_whole(session.config) and report.missing(soak=SOAK) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the part of a process that has ended (pytest-xdist); one that crashed has none."""
    report = node.config.stash[REPORT]
    report.add(getattr(node, "workeroutput", {}).get(PART, {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table, and write it where it is wanted."""
    report = config.stash[REPORT]
    if report.is_empty:
        return
    terminalreporter.section("table of faults")
    terminalreporter.write("\n".join(report.table()) + "\n")
    if _is_whole(config):
        for line in report.missing(soak=SOAK):
            terminalreporter.write_line(f"not run in full: {line}", red=True)
    if wanted := config.getoption("--fault-table"):
        Path(wanted).write_text("\n".join(report.table()) + "\n")


def _is_whole(config: pytest.Config) -> bool:
    """Whether every test there is was asked for, and none was left out."""
    options = config.option
    chosen = options.keyword or options.markexpr or options.deselect or options.collectonly
    picked = getattr(options, "lf", False) or getattr(options, "maxfail", 0)
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return everything and not chosen and not picked
