"""What a row of the tables of tokens is."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.tokens import Forge

HEADER, OFFER, QUERY = "header", "offer", "query"
PLACES = frozenset({HEADER, OFFER, QUERY})


@dataclass(frozen=True, slots=True)
class Attack:
    """A token that must be refused, and who says so.

    `places`: where a handshake can carry it as it is; a header's white space and commas are HTTP's.
    """

    name: str
    make: Callable[[Forge], str]
    why: str
    places: frozenset[str] = PLACES


@dataclass(frozen=True, slots=True)
class Good:
    """A token that must be accepted, of this subject, until so many seconds from now."""

    name: str
    make: Callable[[Forge], str]
    why: str
    sub: str = "ana"
    of_other: bool = False
    lifetime: int = 3600
