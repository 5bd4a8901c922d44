"""Until when a connection may be used, and how a fresh token makes that later.

The authorizer's word comes with every frame and never changes while a connection lives. What a
`renew` frame has won stands in the connection's row, which is asked only once the authorizer's word
has run out; a warm function remembers what it read, so that the frames after that cost no read.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from math import inf
from threading import Lock

from bot.errors import TokenExpired, TokenRefused
from bot.models import Caller
from bot.ports import ConnectionStore

Tokens = Callable[[str], Caller]
"""Whom a token speaks for, and until when. Raises TokenRefused."""

CAPACITY = 10_000
"""Connections remembered, of some 300 bytes each."""


class Expiry:
    """Refuses what has expired, and renews what has not."""

    def __init__(
        self,
        connections: ConnectionStore,
        tokens: Tokens,
        clock: Callable[[], datetime],
        capacity: int = CAPACITY,
    ) -> None:
        self._connections = connections
        self._tokens = tokens
        self._clock = clock
        self._capacity = capacity
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = Lock()

    def check(self, caller: Caller) -> None:
        """Let a frame pass. Raises TokenExpired: of an expired connection nothing is answered."""
        now = self._clock().timestamp()
        if caller.expires_at is None or caller.expires_at > now:
            return
        known = self._recall(caller)
        if known <= now:
            known = self._read(caller)
        # Only a guest's row names no end, and a guest's word never runs out: they disagree.
        if known <= now or (known == inf and caller.expires_at != 0):
            raise TokenExpired("Connect again with a fresh token.")

    def renew(self, caller: Caller, token: str) -> float:
        """Let the caller's connection live as long as the token; until when it does then.

        A token that ends no later than what the connection has changes nothing. Raises
        TokenRefused.
        """
        if caller.expires_at is None:
            raise TokenRefused("nothing to renew")
        fresh = self._tokens(token)
        if fresh.user_id != caller.user_id:
            raise TokenRefused("of another subject")
        # Always by the row: another function may have renewed it further than is known here.
        until = fresh.expires_at or 0
        holds = self._connections.renew(caller.user_id, caller.connection_id, until)
        if not self._clock().timestamp() < holds < inf:
            raise TokenRefused("nothing to renew")
        self._remember(caller, holds)
        return holds

    def _read(self, caller: Caller) -> float:
        until = self._connections.authorized_until(caller.user_id, caller.connection_id)
        self._remember(caller, until)
        return until

    def _recall(self, caller: Caller) -> float:
        with self._lock:
            return self._known.get((caller.user_id, caller.connection_id), 0)

    def _remember(self, caller: Caller, until: float) -> None:
        key = caller.user_id, caller.connection_id
        with self._lock:
            self._known[key] = max(until, self._known.pop(key, 0))
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
