"""Connections in memory."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from threading import Lock

from bot.models import Connection, Present, Spent

ROW_LIFETIME = timedelta(hours=3)


class MemoryConnectionStore:
    """`bot.ports.ConnectionStore` without a table."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], tuple[Connection, bool]] = {}
        self._spent: dict[str, Spent] = {}
        self._lock = Lock()

    def add(self, connection: Connection) -> None:
        """See the port."""
        with self._lock:
            row = (connection.user_id, connection.connection_id)
            self._rows.setdefault(row, (connection, True))

    def deactivate(self, user_id: str, connection_id: str, at: datetime) -> None:
        """See the port."""
        with self._lock:
            row = self._rows.get((user_id, connection_id))
            if row:
                self._rows[user_id, connection_id] = (row[0], False)

    def live(self, user_id: str, now: datetime) -> tuple[Connection, ...]:
        """See the port."""
        return tuple(
            connection
            for connection in self.active(user_id)
            if now - connection.connected_at < ROW_LIFETIME and _end(connection) > now.timestamp()
        )

    def present(self, user_id: str, now: datetime) -> Present:
        """See the port."""
        live = self.live(user_id, now)
        with self._lock:
            return Present(live, self._spent.get(user_id, Spent()))

    def spend(self, user_id: str, known: Spent, spent: Spent, expires_at: int) -> Spent | None:
        """See the port."""
        with self._lock:
            kept = self._spent.get(user_id, Spent())
            if kept.counted != known.counted:
                return kept
            self._spent[user_id] = spent
            return None

    def active(self, user_id: str) -> tuple[Connection, ...]:
        """See the port."""
        with self._lock:
            return tuple(
                connection
                for (owner, _), (connection, active) in sorted(self._rows.items())
                if owner == user_id and active
            )

    def authorized_until(self, user_id: str, connection_id: str) -> float:
        """See the port."""
        with self._lock:
            connection, active = self._rows.get((user_id, connection_id), (None, False))
            return _end(connection) if connection and active else 0

    def renew(self, user_id: str, connection_id: str, until: float) -> float:
        """See the port."""
        with self._lock:
            connection, active = self._rows.get((user_id, connection_id), (None, False))
            if connection is None or not active:
                return 0
            if _end(connection) < until:
                connection = replace(connection, authorized_until=int(until))
                self._rows[user_id, connection_id] = (connection, True)
            return _end(connection)

    def user_of(self, connection_id: str) -> str | None:
        """See the port."""
        with self._lock:
            return next((user for user, each in self._rows if each == connection_id), None)


def _end(connection: Connection) -> float:
    return inf if connection.authorized_until is None else connection.authorized_until
