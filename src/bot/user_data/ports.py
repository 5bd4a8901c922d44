"""What export and erasure ask of the world."""

from typing import Protocol

from bot.user_data.holdings import Place, Shown


class Holdings(Protocol):
    """All that lies in a user's partitions of both tables, whatever it is."""

    def behind(self, user_id: str, place: Place, limit: int) -> Shown:
        """Read what lies behind `place`, at most `limit` things: one request."""
        ...

    def remove(self, user_id: str, place: Place) -> None:
        """Remove what lies there, if anything does: one request."""
        ...
