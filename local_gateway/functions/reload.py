"""Code changes take effect without a restart."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from watchfiles import DefaultFilter, awatch


class Reloads(Protocol):
    """Runs code from files that may change."""

    async def changed(self, paths: Iterable[Path]) -> None:
        """Let what follows run on the files as they are now."""


async def watch(code: Reloads, directories: Iterable[Path], stop: asyncio.Event) -> None:
    """Tell ``code`` what changed in the directories, until told to stop.

    Every file counts, for functions read more than Python. What is noise does not: bytecode, which
    the workers write themselves, caches, editors' swap files.
    """
    noise = DefaultFilter()
    watching = awatch(*set(directories), watch_filter=noise, stop_event=stop, debounce=200, step=50)
    async for changes in watching:
        await code.changed({Path(path) for _, path in changes})
