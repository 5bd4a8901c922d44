"""What API Gateway does where its documentation is silent: switches, not certainties.

Handlers must be safe under both values of each. Marks in brackets refer to the reference that the
gateway follows: M one secondary source, L inference.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from local_gateway.errors import StartupError


@dataclass(frozen=True)
class Assumptions:
    """The gateway's answer to each open question; the defaults are the likelier ones."""

    # requestContext.authorizer is there on every MESSAGE [M] and DISCONNECT [C].
    authorizer_on_message: bool = True
    authorizer_on_disconnect: bool = True
    # The authorizer's policy is looked at again for each message's route [L].
    policy_per_message: bool = False
    # A message function that returns a non-2xx makes an Internal server error frame [M].
    message_status_matters: bool = False
    # Client pings reset the idle timer [L]. They are always answered.
    pings_reset_idle: bool = False
    # Statuses of the handshake [L].
    unknown_stage_status: int = 403
    missing_connect_status: int = 502
    connect_timeout_status: int = 504
    long_url_status: int = 414
    # Close codes: two hours' lifetime; the code told to $disconnect when TCP is lost [L].
    lifetime_code: int = 1001
    lost_code: int = 1006

    @classmethod
    def parse(cls, settings: Iterable[str]) -> "Assumptions":
        """Read ``name=value`` settings; raise StartupError naming one that is not known."""
        assumptions = cls()
        for setting in settings:
            name, _, text = setting.partition("=")
            assumptions = replace(assumptions, **{name: _value(name, text)})
        return assumptions


def _value(name: str, text: str) -> Any:
    kinds = {field.name: field.type for field in fields(Assumptions)}
    kind = kinds.get(name)
    if kind is bool and text in ("true", "false"):
        return text == "true"
    if kind is int and text.isdigit():
        return int(text)
    if kind is None:
        raise StartupError(f"--assume: unknown name {name!r}; known: {', '.join(kinds)}")
    raise StartupError(f"--assume: {name} wants {'true or false' if kind is bool else 'a number'}")
