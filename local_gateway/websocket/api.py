"""A WebSocket API as deployed: its stage, routes, authorizer and limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# API Gateway's own limit on an integration; a template may set less.
MAX_INTEGRATION_SECONDS = 29.0


@dataclass(frozen=True)
class Route:
    """A route and the function behind it; ``timeout`` in seconds is the integration's."""

    key: str
    function: str
    timeout: float = MAX_INTEGRATION_SECONDS


@dataclass(frozen=True)
class Authorizer:
    """The REQUEST authorizer of ``$connect``."""

    function: str
    identity_sources: tuple[str, ...] = ()
    timeout: float = MAX_INTEGRATION_SECONDS


@dataclass(frozen=True)
class Throttle:
    """A token bucket's figures: tokens a second and how many may be saved up."""

    rate: float
    burst: int


@dataclass(frozen=True)
class WebSocketApi:
    """One stage of one WebSocket API."""

    api_id: str
    stage: str
    region: str
    account: str
    route_selection: str
    routes: Mapping[str, Route]
    authorizer: Authorizer | None = None
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    messages: Throttle = Throttle(10_000, 5_000)
    connections: Throttle = Throttle(500, 500)

    @property
    def domain_name(self) -> str:
        return f"{self.api_id}.execute-api.{self.region}.amazonaws.com"

    def arn(self, resource: str) -> str:
        """Return the execute-api ARN of ``stage/resource``."""
        place = f"{self.region}:{self.account}:{self.api_id}"
        return f"arn:aws:execute-api:{place}/{self.stage}/{resource}"
