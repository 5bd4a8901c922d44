"""Push prices to a user, as a backend would: `python examples/live-feed/generator.py USER_ID`.

They come from a random walk, and each is known by its position: whatever is pushed twice, because
this was started again with the same `--first`, makes one turn.
"""

import random
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from operations.deployment import add_choice, chosen
from operations.failures import OperationFailed, told
from operations.publisher import Publisher, PushMessage

CONVERSATION = "prices"
SOURCE = "prices"
SYMBOLS = {"ALDER": 120.0, "BIRCH": 48.5, "CEDAR": 310.0, "HAZEL": 7.25, "ROWAN": 86.0}


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a symbol; `number` is its place in the feed, `change` since its last one."""

    number: int
    symbol: str
    price: float
    change: float

    def pushed_to(self, user_id: str) -> PushMessage:
        """As a message to a user."""
        content = {
            "number": self.number,
            "symbol": self.symbol,
            "price": self.price,
            "change": self.change,
        }
        return PushMessage(
            user_id=user_id,
            conversation_id=CONVERSATION,
            text=f"{self.symbol} {self.price:.2f} ({self.change:+.2f})",
            content=content,
            source=SOURCE,
            position=self.number,
        )


def prices(first: int, seed: int = 1) -> Iterator[Price]:
    """The feed from number `first` on, the same for the same seed."""
    chance = random.Random(seed)
    current = dict(SYMBOLS)
    number = 0
    while True:
        number += 1
        symbol = chance.choice(list(SYMBOLS))
        before = current[symbol]
        current[symbol] = round(max(0.01, before * (1 + chance.gauss(0, 0.004))), 2)
        if number >= first:
            yield Price(number, symbol, current[symbol], round(current[symbol] - before, 2))


def main(arguments: Sequence[str] | None = None) -> int:
    """Push; say how many there were, and where to go on."""
    parser = ArgumentParser(prog="generator.py", description=__doc__)
    parser.add_argument(
        "user", metavar="USER_ID", help="guest:... or user:..., as the page says it"
    )
    parser.add_argument("--count", type=int, default=1000, help="how many; default 1000")
    parser.add_argument("--rate", type=float, default=5, help="a second; default 5, 0 at once")
    parser.add_argument("--first", type=int, default=1, help="number of the first; default 1")
    add_choice(parser)
    options = parser.parse_args(arguments)
    try:
        _push(options)
    except OperationFailed as failure:
        print(f"generator: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _push(options: Namespace) -> None:
    deployment = chosen(options)
    publisher = Publisher(deployment.push_queue, deployment.sqs())
    feed = prices(options.first)
    count = 0
    try:
        for _ in range(options.count):
            with told("queue"):
                publisher.push_all([next(feed).pushed_to(options.user)])
            count += 1
            if options.rate:
                time.sleep(1 / options.rate)
    finally:
        print(f"{count} pushed; the next is --first {options.first + count}")


if __name__ == "__main__":
    sys.exit(main())
