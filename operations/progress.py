"""Say how far a broadcast has come: `python -m operations.progress ID`."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from bot.push.broadcast_steps import Progress, progress
from bot.wire.answers import timestamp
from operations.deployment import Deployment, add_choice, chosen
from operations.failures import OperationFailed, told
from store.dynamo.broadcasts import DynamoBroadcastLog
from store.dynamo.table import Table


def main(arguments: Sequence[str] | None = None) -> int:
    """Say it; the exit code is 0 where the broadcast is finished, 1 otherwise."""
    parser = ArgumentParser(prog="python -m operations.progress", description=__doc__)
    parser.add_argument("id", metavar="ID", help="by which `make broadcast` said it is known")
    add_choice(parser)
    options = parser.parse_args(arguments)
    try:
        found = _progress(options.id, chosen(options))
    except OperationFailed as failure:
        print(f"progress: {failure}", file=sys.stderr)
        return 1
    print(_line(found))
    return 0 if found.finished else 1


def _progress(broadcast_id: str, deployment: Deployment) -> Progress:
    table = Table(deployment.dynamodb(), deployment.sessions_table)
    with told(f"table {deployment.sessions_table}"):
        return progress(DynamoBroadcastLog(table).done(broadcast_id))


def _line(found: Progress) -> str:
    if found.began is None or found.latest is None:
        return "nothing is known of it: it has not begun, or it was more than 30 days ago"
    end = f"finished {timestamp(found.latest)}" if found.finished else "not finished"
    said = f"{found.users:,} users handed to the push queue in {found.steps:,} steps"
    return f"{said} since {timestamp(found.began)}, {end}"


if __name__ == "__main__":
    sys.exit(main())
