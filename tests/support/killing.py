"""A process whose children answer events and die on the way (row 31)."""

import json
import subprocess
import sys
from typing import Any

from tests.support import engine
from tests.support.template import ROOT


class Victim:
    """The process whose children die."""

    def __init__(self, sender: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.victim", engine.running().url, sender],
            cwd=ROOT,
            env={"PATH": "", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self, event: dict[str, Any], at_call: int, applied: bool) -> dict[str, Any]:
        """Answer an event, dying with that call: once it is applied, or before."""
        assert self._process.stdin
        assert self._process.stdout
        order = {"event": event, "at_call": at_call, "applied": applied}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert said["killed"] or said["said"].isdigit(), said
        return said

    def stop(self) -> None:
        """End it."""
        self._process.communicate()
