"""What can go wrong, as one tree.

LocalGatewayError
├── StartupError        said in one line, the gateway exits non-zero
├── EngineCrashed       the embedded engine ended by itself while serving
└── FunctionFailed      an invocation gave no usable result
    └── FunctionTimedOut    the function ran past its own Timeout and was killed
"""

from collections.abc import Sequence
from typing import Any


class LocalGatewayError(Exception):
    """Base of everything the gateway raises on purpose; its text fits one line."""


class StartupError(LocalGatewayError):
    """The gateway cannot start; the message says why and what to do."""


class EngineCrashed(LocalGatewayError):
    """The embedded engine ended while the gateway was serving."""


class FunctionFailed(LocalGatewayError):
    """An invocation ended in an error, a crash or a failed start.

    ``kind`` is the exception's class name as the function reported it (or Lambda's own, such as
    ``Runtime.ExitError``), ``reason`` its message, ``trace`` the stack as the runtime words it.
    """

    def __init__(self, kind: str, reason: str, place: str = "", trace: Sequence[Any] = ()) -> None:
        super().__init__(f"{kind}: {reason}" + (f" ({place})" if place else ""))
        self.kind = kind
        self.reason = reason
        self.place = place
        self.trace = list(trace)


class FunctionTimedOut(FunctionFailed):
    """The function ran past its own Timeout; its environment was killed, as Lambda does."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
