"""How `make test` shares the tests out among several processes (pytest-xdist)."""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.support.soak import SOAK

pytest_plugins = ["tests.support.fault_report"]

MOST = 8
"""Each process may have an engine, products and a browser of its own."""

TOGETHER = ("tests/package/",)
"""What these folders' tests share is costly to make: the packages that `sam build` makes."""

APART = ("tests/e2e/test_streaming.py",)
"""At full counts these take an hour, and share nothing but a product: any process may have one."""

LONGEST = (
    "tests/e2e/test_streaming.py",
    "tests/e2e/test_sign_in_lasting.py",
    "tests/package/",
    "tests/e2e/",
    "tests/examples/",
    "tests/local_gateway/",
    "tests/web/",
)
"""What to begin with, so that no process still has a long file when the others have none."""


def pytest_xdist_auto_num_workers() -> int:
    """Two processes for each core: more than half of the time, tests wait for other processes."""
    return min(2 * (len(os.sched_getaffinity(0))), MOST)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; within a file, the order is the file's."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    places = [place for place, start in enumerate(LONGEST) if nodeid.startswith(start)]
    return min(places, default=len(LONGEST))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Let a file's tests run in one process, and in order: they share what the file sets up."""
    config.option.loadscopereorder = False  # most tests first, it would be
    return ByFile(config, log)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each process one file after the other."""

    def _split_scope(self, nodeid: str) -> str:
        if SOAK and nodeid.startswith(APART):
            return nodeid
        folders = (folder for folder in TOGETHER if nodeid.startswith(folder))
        return next(folders, nodeid.partition("::")[0])
