"""Push a message to a user: `python -m operations.push USER_ID TEXT`.

It goes into the queue, as a backend's own (docs/push.md), and is told as soon as its turn comes.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from bot.errors import ParleyError
from bot.push import pushes
from operations.deployment import add_choice, chosen
from operations.failures import OperationFailed, told
from operations.publisher import Publisher, PushMessage


def main(arguments: Sequence[str] | None = None) -> int:
    """Push, and say by which id it is known; the exit code is 1 where it could not be pushed."""
    parser = ArgumentParser(prog="python -m operations.push", description=__doc__)
    parser.add_argument(
        "user", metavar="USER_ID", help="as the tables have it: user:... or guest:..."
    )
    parser.add_argument("text", metavar="TEXT", help="what to say, at most 64,000 characters")
    parser.add_argument("--conversation", metavar="ID", default="main", help="main, if left out")
    parser.add_argument("--id", help="the same id makes one turn, however often it is pushed")
    add_choice(parser)
    options = parser.parse_args(arguments)
    try:
        print(f"pushed as {_push(options.user, options)}")
    except OperationFailed as failure:
        print(f"push: {failure}", file=sys.stderr)
        return 1
    return 0


def _push(user_id: str, options: Namespace) -> str:
    if not options.text:
        raise OperationFailed("there is nothing to say: give a text")
    deployment = chosen(options)
    if not deployment.push_queue:
        raise OperationFailed("this deployment has no queue for pushes: it is older than they are")
    publisher = Publisher(deployment.push_queue, deployment.sqs())
    _check(user_id, options)
    with told("queue"):
        return publisher.push(
            user_id,
            options.text,
            conversation_id=options.conversation,
            message_id=options.id,
        )


def _check(user_id: str, options: Namespace) -> None:
    """Say now what the function could only put aside: nobody looks there for what was typed."""
    message = PushMessage(
        user_id=user_id,
        text=options.text,
        conversation_id=options.conversation,
        message_id=options.id,
    )
    try:
        pushes.read(pushes.decode(message.body()), message_id="new")
    except ParleyError as fault:
        raise OperationFailed(str(fault)) from fault


if __name__ == "__main__":
    sys.exit(main())
