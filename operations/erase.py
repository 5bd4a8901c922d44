"""Erase all that is kept of a user: `python -m operations.erase USER_ID`. There is no way back.

The user may come back, and begins anew then: docs/operations.md says what to do first.
"""

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from operations.deployment import add_choice, chosen
from operations.failures import OperationFailed
from operations.user_data import Call, CallFailed, Sleep, caller, insist

IDLE_ROUNDS = 5
"""Rounds in a row that may find nothing to remove and are not finished all the same: others are at
the same conversation, or a connection is just opening."""

PAUSE_SECONDS = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Erase, and print the receipt; the exit code is 0 where all is done, 1 otherwise."""
    parser = ArgumentParser(prog="python -m operations.erase", description=__doc__)
    parser.add_argument(
        "user", metavar="USER_ID", help="as the tables have it: user:... or guest:..."
    )
    parser.add_argument("--yes", action="store_true", help="do not ask whether that is meant")
    add_choice(parser)
    options = parser.parse_args(arguments)
    try:
        call = caller(chosen(options))
        if not options.yes and not _is_meant(options.user):
            raise OperationFailed("nothing was erased")
        receipt = erase(options.user, call, time.sleep)
    except OperationFailed as failure:
        _say(str(failure))
        return 1
    print(json.dumps(receipt, indent=1))
    return 0 if receipt["finished"] else 1


def erase(user_id: str, call: Call, sleep: Sleep) -> dict[str, Any]:
    """Go on until it is finished, or does not get on; the receipt of all of it.

    Raises OperationFailed where the function does not answer any more: what is done is done, and
    may be gone on with.
    """
    whole = Receipt()
    idle = 0
    while not whole.finished and idle < IDLE_ROUNDS:
        if idle:
            sleep(PAUSE_SECONDS)
        event = {"operation": "erase", "userId": user_id, **whole.going_on}
        got_on = whole.add(insist(call, event, whole.miss, sleep))
        idle = 0 if got_on else idle + 1
        _say(f"{sum(whole.removed.values())} things removed")
    return whole.told()


class Receipt:
    """What all rounds of one erasure did together."""

    def __init__(self) -> None:
        self.removed: Counter[str] = Counter()
        self._sums: Counter[str] = Counter()
        self._missed = 0
        self._last: Mapping[str, Any] = {}

    @property
    def finished(self) -> bool:
        """Whether nothing is left to be done."""
        return bool(self._last.get("finished"))

    @property
    def going_on(self) -> dict[str, Any]:
        """What the next round is told: when the first began, for what came after that is not
        erased, and how far the last one came."""
        return {name: self._last.get(name) for name in ("startedAt", "cursor")}

    def add(self, receipt: Mapping[str, Any]) -> bool:
        """Add a round's; whether it did anything, or came further."""
        further = receipt["cursor"] != self._last.get("cursor")
        self._last = receipt
        self.removed.update(receipt["removed"])
        self._sums.update({name: receipt[name] for name in ("closed", "handedOver")})
        return bool(receipt["removed"]) or further

    def miss(self, failure: CallFailed) -> None:
        """Take note of a round whose receipt was lost: what it removed is not counted."""
        self._missed += 1
        _say(f"{failure}; once more")

    def told(self) -> dict[str, Any]:
        """The receipt."""
        return {
            **{name: said for name, said in self._last.items() if name != "cursor"},
            **self._sums,
            "removed": dict(sorted(self.removed.items())),
            "receiptsLost": self._missed,
        }


def _is_meant(user_id: str) -> bool:
    if not sys.stdin.isatty():
        raise OperationFailed("say that it is meant: CONFIRM=yes, or --yes")
    print(f"All that is kept of {user_id} will be erased. Type yes: ", end="", file=sys.stderr)
    try:
        return input().strip() == "yes"
    except EOFError:
        return False


def _say(what: str) -> None:
    print(f"erase: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
