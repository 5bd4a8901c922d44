"""Code changes take effect without a restart."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from watchfiles import awatch

from local_gateway.functions.service import Functions


async def watch(functions: Functions, code_dirs: Iterable[Path], stop: asyncio.Event) -> None:
    """Retire environments whose code changed, until told to stop."""
    async for changes in awatch(*set(code_dirs), stop_event=stop, debounce=200, step=50):
        await functions.changed({Path(path) for _, path in changes})
