"""What is logged and measured of pushes: how many, never whose or what."""

from collections import Counter
from threading import Lock

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot.push.pushing import Pushed
from delivery.fan_out import Delivery
from handlers.observing.measures import measure


class Outcomes:
    """What became of the messages of one invocation. Lanes are worked off side by side."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._lag: float | None = None
        self._lock = Lock()

    def kept(self, pushed: Pushed, delivery: Delivery) -> None:
        """A push has its turn."""
        self._count("Pushes" if pushed.fresh else "PushesRepeated", 1)
        self._count("RacesLost", pushed.races)
        self._tell(delivery)

    def told(self, delivery: Delivery) -> None:
        """A push that is not kept was sent."""
        self._count("PushesEphemeral", 1)
        self._tell(delivery)

    def refused(self, code: str) -> None:
        """A push will never have a turn, and was put aside."""
        self._count("PushesRefused", 1)
        with self._lock:
            self._refusals[code] += 1

    def given_back(self, count: int) -> None:
        """So many have to come again."""
        self._count("PushesGivenBack", count)

    def lag(self, milliseconds: float) -> None:
        """How long one took from its source to here."""
        with self._lock:
            self._lag = max(self._lag or 0.0, milliseconds)

    def observe(self, logger: Logger, metrics: Metrics) -> None:
        """Log and measure it."""
        counts = dict(self._counts)
        logger.info("pushed", extra={"counts": counts, "refusals": dict(self._refusals)})
        lag = {} if self._lag is None else {"PushLag": self._lag}
        measure(metrics, {**counts, **lag})

    def _tell(self, delivery: Delivery) -> None:
        self._count("ConnectionsReached", delivery.reached)
        self._count("ConnectionsGone", delivery.gone)
        self._count("SendsFailed", delivery.failed)

    def _count(self, name: str, count: int) -> None:
        with self._lock:
            self._counts[name] += count
