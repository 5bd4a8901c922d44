"""DATA_DIR, which one gateway at a time owns."""

import fcntl
from pathlib import Path
from typing import IO, Any

from local_gateway.errors import StartupError


def own(directory: Path) -> IO[Any]:
    """Make the directory and take it until the file returned is closed.

    Raises StartupError where it cannot be written, or another gateway has it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "gateway.lock").open("a")
    except OSError as failure:
        raise StartupError(f"DATA_DIR {directory}: {failure.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StartupError(
            f"DATA_DIR {directory} is in use by another gateway; stop it or choose another"
        ) from None
    return lock
