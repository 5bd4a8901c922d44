"""Everything that can go wrong on the way from a client's frame to its answer.

    ParleyError
    ├── BadRequest       bad_request      the frame is not what the contract says
    ├── TooLarge         too_large        a text passes its limit
    ├── UnknownAction    unknown_action   no such action
    ├── TokenExpired     token_expired    the connection's credential has run out
    ├── TokenRefused     token_refused    a fresh token does not renew the connection
    ├── NotFound         not_found        no such conversation or turn of this user
    ├── Busy             busy             another writer is at it; retryable
    │   └── StillWriting                  a reply is still being written
    ├── RateLimited      rate_limited     too many turns; retryable after `retry_after_ms`
    └── InternalError    internal_error   nothing the client can mend
        ├── BotFailed                     the bot raised, or answered what it must not
        └── StoreUnavailable              the tables do not answer; retryable

`code` and `retryable` are what the client sees in an `error` frame; the message is for people and
never holds what the client sent.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from bot.models import Turn


class ParleyError(Exception):
    """Anything that is answered by an `error` frame."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False


class BadRequest(ParleyError):
    """The frame is not what the contract says."""

    code = "bad_request"


class TooLarge(ParleyError):
    """A text passes its limit."""

    code = "too_large"


class UnknownAction(ParleyError):
    """The frame's `action` is none of the contract's."""

    code = "unknown_action"


class TokenExpired(ParleyError):
    """The credential that the connection was opened with has run out."""

    code = "token_expired"


class TokenRefused(ParleyError):
    """A token does not renew the connection. `reason` names why, for the log alone."""

    code = "token_refused"

    def __init__(self, reason: str) -> None:
        super().__init__("This token does not renew this connection.")
        self.reason = reason


class NotFound(ParleyError):
    """This user has no such conversation or turn."""

    code = "not_found"


class Busy(ParleyError):
    """Another writer is at this conversation; the same frame may be sent again."""

    code = "busy"
    retryable = True


class StillWriting(Busy):
    """The reply to another message is still being written; `turn` is that one's."""

    def __init__(self, turn: "Turn") -> None:
        super().__init__("A reply is still being written.")
        self.turn = turn


class RateLimited(ParleyError):
    """The conversation's allowance is used up; the same frame may be sent again later."""

    code = "rate_limited"
    retryable = True

    def __init__(self, message: str, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class InternalError(ParleyError):
    """Something on the backend's side."""


class BotFailed(InternalError):
    """The bot raised, or answered what it must not.

    `reason` names how, in a few plain words without any user text: it may be logged.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("The bot could not answer this message.")
        self.reason = reason


class StoreUnavailable(InternalError):
    """The tables do not answer now."""

    retryable = True


class ConnectionGone(Exception):
    """The connection is closed: API Gateway answers 410. Not an error of the caller's."""


class SendFailed(Exception):
    """A frame could not be handed to API Gateway; whether it arrived is unknown."""
