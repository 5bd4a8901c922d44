"""What every step of a connection's life stands on."""

from dataclasses import dataclass

from local_gateway.assumptions import Assumptions
from local_gateway.clock import Clock
from local_gateway.data_plane.invocations import Invocations
from local_gateway.faults import Faults
from local_gateway.websocket.api import WebSocketApi
from local_gateway.websocket.ids import RandomBytes, new_id


@dataclass(frozen=True)
class Stage:
    """The API's stage with its functions, and time, chance and open questions as given."""

    api: WebSocketApi
    invocations: Invocations
    clock: Clock
    faults: Faults
    assumptions: Assumptions
    random_bytes: RandomBytes

    def now(self) -> float:
        return self.clock.now()

    def new_id(self) -> str:
        return new_id(self.random_bytes)
