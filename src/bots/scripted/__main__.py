"""`python -m bots.scripted FILE...` checks flow files and compiles them."""

import sys
from pathlib import Path

from bots.scripted.compiled import write
from bots.scripted.errors import FlowError
from bots.scripted.loading import load


def main(files: list[str]) -> int:
    """Check and compile each file; 1 where one has mistakes, which go to standard error."""
    faulty = 0
    for file in files:
        try:
            place = write(Path(file), load(Path(file)))
        except (FlowError, OSError) as error:
            print(error, file=sys.stderr)
            faulty = 1
        else:
            print(f"{file}: good, compiled to {place}")
    return faulty


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
