"""Close every open connection of a user: `python -m operations.disconnect USER_ID`.

A token that is still valid opens a new one: docs/operations.md says what to do first.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.connections.closing import Outcome, disconnect
from delivery.api_gateway import ApiGatewaySender
from operations.deployment import Deployment, add_choice, chosen
from operations.failures import OperationFailed, told
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.table import Table


def main(arguments: Sequence[str] | None = None) -> int:
    """Close, and say how many; the exit code is 0 where none is left, 1 otherwise."""
    parser = ArgumentParser(prog="python -m operations.disconnect", description=__doc__)
    parser.add_argument(
        "user", metavar="USER_ID", help="as the tables have it: user:... or guest:..."
    )
    add_choice(parser)
    options = parser.parse_args(arguments)
    try:
        outcome = _disconnect(options.user, chosen(options))
    except OperationFailed as failure:
        print(f"disconnect: {failure}", file=sys.stderr)
        return 1
    print(outcome)
    return 0 if outcome.complete else 1


def _disconnect(user_id: str, deployment: Deployment) -> Outcome:
    table = Table(deployment.dynamodb(), deployment.connections_table)
    sender = ApiGatewaySender(deployment.management_api())
    with told(f"table {deployment.connections_table}"):
        return disconnect(user_id, DynamoConnectionStore(table), sender, datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(main())
