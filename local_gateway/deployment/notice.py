"""What a running gateway tells the operator's commands (operations/): where everything is."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "deployment.json"


def put_up(directory: Path, said: Mapping[str, Any]) -> None:
    """Write the notice, whole or not at all; only this user may read it."""
    new = directory / f"{NAME}.new"
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as notice:
        json.dump(said, notice, indent=1)
    new.replace(directory / NAME)


def take_down(directory: Path) -> None:
    """Remove the notice, where there is one."""
    with contextlib.suppress(OSError):
        (directory / NAME).unlink()
