"""The census of connections in memory."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.connections.ports import Part
from bot.models import Connection, Sighting
from store.memory.connections import MemoryConnectionStore


class MemoryConnectionCensus(MemoryConnectionStore):
    """`bot.ports.ConnectionStore` and `bot.connections.ports.ConnectionCensus` without a table."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], datetime] = {}

    def deactivate(self, user_id: str, connection_id: str, at: datetime) -> None:
        """See the port."""
        was_active = self._rows.get((user_id, connection_id), (None, False))[1]
        super().deactivate(user_id, connection_id, at)
        if was_active:
            self._seen[user_id, connection_id] = at

    def parts(self) -> Sequence[Part]:
        """See the port."""
        return [(False, 0), (True, 0)]

    def unseen(self, part: Part, since: datetime) -> Iterator[Sequence[Sighting]]:
        """See the port."""
        with self._lock:
            sightings = [self._sighting(*row) for row in self._rows]
        old = [each for each in sightings if each.active == part[0] and each.seen_at < since]
        yield sorted(old, key=lambda each: each.seen_at)

    def row(self, sighting: Sighting) -> Connection | None:
        """See the port."""
        with self._lock:
            return self._rows[_key(sighting)][0] if self._is_unchanged(sighting) else None

    def see(self, sighting: Sighting, at: datetime) -> bool:
        """See the port."""
        with self._lock:
            unchanged = self._is_unchanged(sighting)
            if unchanged:
                self._seen[_key(sighting)] = at
            return unchanged

    def remove(self, sighting: Sighting) -> bool:
        """See the port."""
        with self._lock:
            unchanged = self._is_unchanged(sighting)
            if unchanged:
                del self._rows[_key(sighting)]
                self._seen.pop(_key(sighting), None)
            return unchanged

    def _is_unchanged(self, sighting: Sighting) -> bool:
        key = _key(sighting)
        return key in self._rows and self._sighting(*key) == sighting

    def _sighting(self, user_id: str, connection_id: str) -> Sighting:
        connection, active = self._rows[user_id, connection_id]
        seen = self._seen.get((user_id, connection_id), connection.connected_at)
        return Sighting(user_id, connection_id, active, seen)


def _key(sighting: Sighting) -> tuple[str, str]:
    return sighting.user_id, sighting.connection_id
