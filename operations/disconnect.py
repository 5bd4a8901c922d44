"""Close every open connection of a user: `python -m operations.disconnect USER_ID`.

A token that is still valid opens a new one: docs/operations.md says what to do first.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.errors import ConnectionGone, SendFailed
from bot.ports import ConnectionStore, FrameSender
from delivery.api_gateway import ApiGatewaySender
from delivery.fan_out import HANDSHAKE
from operations.deployment import Deployment, add_choice, chosen
from operations.failures import OperationFailed, told
from store.connections import DynamoConnectionStore
from store.table import Table


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many connections were closed, were gone already, may still be opening, or failed."""

    closed: int = 0
    gone: int = 0
    opening: int = 0
    failed: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether none is left."""
        return not self.opening and not self.failed

    def __str__(self) -> str:
        said = f"{self.closed} closed, {self.gone} gone already"
        if self.opening:
            said += f", {self.opening} perhaps still opening: try again in a minute"
        if self.failed:
            said += f", {len(self.failed)} not closed ({', '.join(sorted(set(self.failed)))})"
        return said


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


def disconnect(
    user_id: str, connections: ConnectionStore, sender: FrameSender, now: datetime
) -> Outcome:
    """Close all that a user has open, and mark the rows inactive of what is closed.

    What could not be closed keeps its row, so that a second run finds it. Raises StoreUnavailable.
    """
    closed = gone = opening = 0
    failed: list[str] = []
    for connection in connections.active(user_id):
        try:
            sender.close(connection.connection_id)
            closed += 1
        except ConnectionGone:
            # A row is written before its handshake ends, and until then API Gateway answers 410.
            if now - connection.connected_at <= HANDSHAKE:
                opening += 1
                continue
            gone += 1
        except SendFailed as error:
            failed.append(str(error))
            continue
        connections.deactivate(user_id, connection.connection_id, now)
    return Outcome(closed, gone, opening, tuple(failed))


def _disconnect(user_id: str, deployment: Deployment) -> Outcome:
    table = Table(deployment.dynamodb(), deployment.connections_table)
    sender = ApiGatewaySender(deployment.management_api())
    with told(f"table {deployment.connections_table}"):
        return disconnect(user_id, DynamoConnectionStore(table), sender, datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(main())
