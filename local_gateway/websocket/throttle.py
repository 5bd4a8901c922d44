"""API Gateway's token bucket."""

from local_gateway.websocket.api import Throttle


class TokenBucket:
    """Admits ``rate`` requests a second, and up to ``burst`` at once."""

    def __init__(self, figures: Throttle, now: float) -> None:
        self._figures = figures
        self._tokens = float(figures.burst)
        self._filled_at = now

    def admit(self, now: float) -> bool:
        """Take a token; False where none is left."""
        grown = self._tokens + max(0.0, now - self._filled_at) * self._figures.rate
        self._tokens = min(float(self._figures.burst), grown)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
