"""What the cleaner asks of the world."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from bot.models import Connection, Sighting

Part = tuple[bool, int]
"""One part of all rows: whether they are active, and a number."""


class ConnectionCensus(Protocol):
    """The same rows, whosever they are, by when they were last seen: what the cleaner goes through.

    A sighting comes from an index that may lag behind. What writes, writes only to a row that still
    is as it was sighted: False where it is not any more.
    """

    def parts(self) -> Sequence[Part]:
        """Tell the parts that together are all there is."""
        ...

    def unseen(self, part: Part, since: datetime) -> Iterator[Sequence[Sighting]]:
        """Read those of a part that were last seen before `since`, the oldest first: one request
        a page, made when the page is asked for."""
        ...

    def row(self, sighting: Sighting) -> Connection | None:
        """Read the row, strongly consistent; None where it is not as it was sighted any more."""
        ...

    def see(self, sighting: Sighting, at: datetime) -> bool:
        """Note that the connection was there: one request."""
        ...

    def remove(self, sighting: Sighting) -> bool:
        """Remove the row: one request."""
        ...


class Gatekeeper(Protocol):
    """Who knows which connections are open. What raises does so as `FrameSender.send` does."""

    def is_open(self, connection_id: str) -> bool:
        """Ask. Only False is a proof: a peer that has died lately still counts as open."""
        ...

    def close(self, connection_id: str) -> None:
        """Close the connection."""
        ...
