"""What is kept of a user: every single thing that lies in the user's partitions, as it lies there.

Whatever is exported or erased is found here, and not by what the rooms know of: a kind of item that
is new to them is there all the same, as `OTHER`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Shelf(StrEnum):
    """The tables, in the order in which they are gone through."""

    CONNECTIONS = "connections"
    SESSIONS = "sessions"


class Kind(StrEnum):
    """What a thing is. The three before the last are marks in a log (bot/turn_log/tail.py)."""

    CONNECTION = "connection"
    USAGE = "usage"
    CONVERSATION = "conversation"
    FORK = "fork"
    TURN = "turn"
    ROOT = "root"
    SEAL = "seal"
    TOMBSTONE = "tombstone"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing lies, within the user's partition of a table; before the first, without
    `name`."""

    shelf: Shelf
    name: str = ""


START = Place(Shelf.CONNECTIONS)


@dataclass(frozen=True, slots=True)
class Held:
    """One thing. `contents` is JSON: all that it says, decompressed, but for whose it is.

    A turn, a mark, a conversation and a fork name their `conversationId`; a mark has nothing of
    what was said. A connection's `active` is whether its end is not known yet.
    """

    place: Place
    kind: Kind
    contents: Mapping[str, Any]
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What one read brought, in the order of the places, and where the next one begins; None at
    the end."""

    things: Sequence[Held]
    following: Place | None
