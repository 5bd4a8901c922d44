"""The report of the table of faults counts what was injected, and says which run did not hold."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fault_report import FaultReport
from tests.support.fault_table import ROWS
from tests.support.template import ROOT


def test_every_row_of_the_table_is_there() -> None:
    assert list(ROWS) == list(range(1, 40))


def test_a_run_that_holds_counts_what_it_injected() -> None:
    report = FaultReport()
    for faults in (2, 3):
        with report.run(13, seed=faults) as run:
            run.inject(faults)
    tally = report.tallies[13]
    assert (tally.runs, tally.injected, tally.held, tally.violated) == (2, 5, 5, 0)


def test_a_run_that_does_not_hold_tells_its_row_and_seed() -> None:
    report = FaultReport()

    def violate() -> None:
        with report.run(13, seed=77) as run:
            run.inject()
            raise AssertionError

    with pytest.raises(AssertionError) as raised:
        violate()
    assert raised.value.__notes__ == [f"row 13 ({ROWS[13].fault}), seed 77"]
    tally = report.tallies[13]
    assert (tally.runs, tally.injected, tally.held, tally.violated) == (1, 1, 0, 1)


def test_what_was_not_injected_in_full_is_missing() -> None:
    report = FaultReport()
    with report.run(24) as run:
        run.inject(99)
    assert "row 24: 99 of 100" in report.missing(soak=True)
    assert "row 23: 0 of 1" in report.missing(soak=False)
    assert not any(line.startswith("row 24:") for line in report.missing(soak=False))


SESSION = """
import pytest

@pytest.mark.row(24)
@pytest.mark.parametrize("case", range(3))
def test_marked(case):
    assert case < 2

def test_counted(row):
    with row(37, seed=5) as run:
        run.inject(500)

@pytest.mark.row(7)
def test_skipped():
    pytest.skip("not here")
"""


def session(folder: Path, tests: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """A session of pytest's own, of three tests."""
    (folder / "test_rows.py").write_text(tests)
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT / 'src'} {ROOT}\ntestpaths=.")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.fault_report", *options],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_a_session_prints_and_writes_its_table(tmp_path: Path) -> None:
    ended = session(tmp_path, SESSION, "--fault-table", "table.md")
    written = (tmp_path / "table.md").read_text()
    assert written in ended.stdout
    rows = [line.split(" | ") for line in written.splitlines()[2:]]
    assert [(row[0], row[3], row[4], row[6], row[7]) for row in rows] == [
        ("| 24", "3", "3", "2", "1 |"),
        ("| 37", "1", "500", "500", "0 |"),
    ]
    assert "seed test_marked[2]" in ended.stdout


def test_a_whole_session_fails_where_a_row_was_not_run(tmp_path: Path) -> None:
    whole = session(tmp_path, SESSION.replace("case < 2", "case < 3"))
    assert whole.returncode == 1
    assert "not run in full: row 39: 0 of 1" in whole.stdout
    assert "row 24:" not in whole.stdout


def test_a_part_of_a_session_need_not_run_every_row(tmp_path: Path) -> None:
    part = session(tmp_path, SESSION, "-k", "counted")
    assert part.returncode == 0
    assert "not run in full" not in part.stdout
