"""Who a connection belongs to, as the authorizer tells every later event of it."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How the principal proved who it is."""

    GUEST = "guest"
    USER = "user"


SIGNED_IN = "user:"
"""What the user ids of all begin with who proved by a token who they are; no guest's does."""


def is_signed_in(user_id: str) -> bool:
    """Whether this is the user id of someone who is no guest."""
    return user_id.startswith(SIGNED_IN)


@dataclass(frozen=True, slots=True)
class Principal:
    """`user_id` begins with the kind, so that no guest can name a signed-in user.

    `expires_at`: when the credential runs out, in seconds since 1970; None for never.
    """

    user_id: str
    kind: Kind
    expires_at: int | None = None


class Refused(Exception):
    """No one to let in; the reason names what is wrong, never the credential."""


class RefusedExpired(Refused):
    """A token that has run out: its client fetches another."""


class RefusedOrigin(Refused):
    """A page that may not connect."""


class RefusedUnchecked(Refused):
    """Nothing to check a token by: the fault is not the client's."""
