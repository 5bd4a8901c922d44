"""Tell many users the same: `python -m operations.broadcast TEXT [--users FILE]`.

Without a file all who are active are told. It goes into the queue, as a backend's own broadcast
(docs/push.md); how far it has come is asked by `python -m operations.progress ID`.
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from bot.errors import ParleyError
from bot.push import broadcasts
from operations.broadcaster import Broadcaster, message
from operations.deployment import add_choice, chosen
from operations.failures import OperationFailed, told


def main(arguments: Sequence[str] | None = None) -> int:
    """Broadcast, and say by which id it is known; the exit code is 1 where that failed."""
    parser = ArgumentParser(prog="python -m operations.broadcast", description=__doc__)
    parser.add_argument("text", metavar="TEXT", help="what to say, at most 64,000 characters")
    parser.add_argument(
        "--users", metavar="FILE", type=Path, help="whom: user:... or guest:..., one a line"
    )
    parser.add_argument("--conversation", metavar="ID", default="main", help="main, if left out")
    parser.add_argument("--id", help="the same id reaches nobody twice")
    add_choice(parser)
    options = parser.parse_args(arguments)
    try:
        print(_broadcast(options))
    except OperationFailed as failure:
        print(f"broadcast: {failure}", file=sys.stderr)
        return 1
    return 0


def _broadcast(options: Namespace) -> str:
    if not options.text:
        raise OperationFailed("there is nothing to say: give a text")
    users = _users(options.users) if options.users else None
    deployment = chosen(options)
    if not deployment.broadcast_queue:
        raise OperationFailed("this deployment has no queue for broadcasts: it is older than they")
    _check(options)
    door = Broadcaster(deployment.broadcast_queue, deployment.sqs())
    fields = {"conversation_id": options.conversation, "broadcast_id": options.id}
    with told("queue"):
        if users is None:
            return f"broadcast as {door.to_active(options.text, **fields)} to all who are active"
        name = door.to_users(users, options.text, **fields)
    return f"broadcast as {name} to {len(users):,} users"


def _check(options: Namespace) -> None:
    """Say now what the function could only put aside: nobody looks there for what was typed."""
    words = message(options.text, conversation_id=options.conversation)
    step = {"id": options.id or "new", "message": words, "to": "active"}
    try:
        broadcasts.read(json.dumps(step))
    except ParleyError as fault:
        raise OperationFailed(str(fault)) from fault


def _users(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise OperationFailed(f"{file}: {getattr(error, 'strerror', 'it is no text')}") from None
    users = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not users:
        raise OperationFailed(f"{file}: it names nobody")
    return users


if __name__ == "__main__":
    sys.exit(main())
