"""How much of it: a little by default, the full counts of the fault table with SOAK=1."""

import os

SOAK = os.environ.get("SOAK", "") not in ("", "0")


def times(few: int, full: int) -> int:
    """`few` in `make test`, `full` in `make soak`."""
    return full if SOAK else few
