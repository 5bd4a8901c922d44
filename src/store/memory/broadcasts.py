"""The roll of users, and what is done of broadcasts, in memory."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from zlib import crc32

from bot.connections.ports import Part
from bot.push.broadcast_steps import Done
from store.memory.census import MemoryConnectionCensus

SHARDS = 3


class MemoryRoll(MemoryConnectionCensus):
    """`bot.ports.ConnectionStore` and `Roll` without a table, in parts as the table has them."""

    def parts(self) -> Sequence[Part]:
        """See the port."""
        return [(active, shard) for active in (False, True) for shard in range(SHARDS)]

    def seen(
        self, part: Part, since: datetime | None, start: str | None, limit: int
    ) -> tuple[Sequence[str], str | None]:
        """See the port."""
        with self._lock:
            sightings = [self._sighting(*row) for row in self._rows]
        rows = sorted(
            (each.seen_at.isoformat(), each.connection_id, each.user_id)
            for each in sightings
            if (each.active, crc32(each.connection_id.encode()) % SHARDS) == part
            and (since is None or each.seen_at >= since)
        )
        rows = [row for row in rows if start is None or " ".join(row[:2]) > start]
        page, rest = rows[:limit], rows[limit:]
        return [row[2] for row in page], " ".join(page[-1][:2]) if rest else None


class MemoryBroadcastLog:
    """`bot.push.ports.BroadcastLog` without a table."""

    def __init__(self) -> None:
        self._done: defaultdict[str, dict[int, Done]] = defaultdict(dict)

    def is_done(self, broadcast_id: str, number: int) -> bool:
        """See the port."""
        return number in self._done[broadcast_id]

    def note(self, broadcast_id: str, done: Done) -> None:
        """See the port."""
        self._done[broadcast_id][done.number] = done

    def done(self, broadcast_id: str) -> list[Done]:
        """See the port."""
        return list(self._done[broadcast_id].values())
