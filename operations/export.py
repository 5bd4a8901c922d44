"""Write all that is kept of a user as one JSON document: `python -m operations.export USER_ID`."""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import TextIO

from bot.wire.answers import timestamp
from operations.deployment import add_choice, chosen
from operations.document import Document
from operations.failures import OperationFailed
from operations.user_data import Call, CallFailed, Sleep, caller, sheets


def main(arguments: Sequence[str] | None = None) -> int:
    """Write it to the standard output; the exit code is 1, and it no JSON, where that failed."""
    parser = ArgumentParser(prog="python -m operations.export", description=__doc__)
    parser.add_argument(
        "user", metavar="USER_ID", help="as the tables have it: user:... or guest:..."
    )
    add_choice(parser)
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the terminal's is
    try:
        export(options.user, caller(chosen(options)), sys.stdout, time.sleep)
    except OperationFailed as failure:
        _say(str(failure))
        return 1
    except (OSError, UnicodeError) as error:
        # At its end Python would write what is left of it once more, and fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _say(f"the document was not written: {getattr(error, 'strerror', 'it is no text')}")
        return 1
    return 0


def export(user_id: str, call: Call, to: TextIO, sleep: Sleep) -> None:
    """Write the document of a user. Raises OperationFailed."""
    document = Document(user_id, timestamp(datetime.now(UTC)), to.write)
    for items in sheets(call, user_id, _again, sleep):
        for item in items:
            document.add(item)
        _say(f"{document.items} things")
    document.finish()
    to.flush()
    if document.lacking:
        _say(
            f"{len(document.lacking)} forks share turns that were not found: they have expired, "
            "or a deletion was copying them just then; export again to be sure"
        )


def _again(failure: CallFailed) -> None:
    _say(f"{failure}; once more")


def _say(what: str) -> None:
    print(f"export: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
