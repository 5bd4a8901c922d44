"""The functions behind API Gateway, without it: real handlers on stores and a sender of choice."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot.ports import Bot, ConnectionStore, ConversationStore, FrameSender
from bot.wire.answers import Frame
from delivery.fan_out import FanOut
from delivery.memory import MemorySender
from handlers import connect, disconnect, message
from handlers.setup.apps import ConnectionApp, MessageApp
from handlers.setup.renewal import Tokens
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support import events
from tests.support.clock import FakeClock
from tests.support.device import Device
from tests.support.issuer import Issuer
from tests.support.workers import Worker


class Backend:
    """Warm message functions, `$connect` and `$disconnect`, on the same tables."""

    def __init__(
        self,
        conversations: ConversationStore | None = None,
        connections: ConnectionStore | None = None,
        sender: FrameSender | None = None,
        bot: Bot | None = None,
        functions: int = 2,
    ) -> None:
        self.clock = FakeClock()
        self.conversations = conversations or MemoryConversationStore()
        self.connections = connections or MemoryConnectionStore()
        self.memory = MemorySender()
        self.sender = sender or self.memory
        self.bot = bot
        self.issuer = Issuer()
        self.contexts: dict[str, dict[str, Any]] = {}
        self.connection_app = ConnectionApp(self.connections, Logger(), _metrics(), self.clock)
        self.functions = [self.new_function() for _ in range(functions)]
        self.devices: dict[str, Device] = {}

    def new_function(
        self,
        conversations: ConversationStore | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> MessageApp:
        """A message function without memory, and with a clock of its own where one is given."""
        clock = clock or self.clock
        worker = Worker(
            conversations or self.conversations,
            clock,
            connections=self.connections,
            tokens=Tokens(lambda: self.issuer.verifier(clock)),
            bot=self.bot,
        )
        fan_out = FanOut(self.sender, self.connections, clock)
        return MessageApp(worker.chat, fan_out, self.connections, Logger(), _metrics())

    def connect(
        self, user: str, connection: str, until: float | None = None, **request: Any
    ) -> dict[str, Any]:
        """A handshake's `$connect`; `until` is when a signed-in user's token runs out."""
        self.devices.setdefault(connection, Device())
        context = self.contexts[connection] = {} if until is None else {"expiresAt": f"{until:.0f}"}
        event = events.connect(connection, user, at=self.clock(), **request, **context)
        return connect.answer(self.connection_app, event)

    def disconnect(self, user: str | None, connection: str) -> dict[str, Any]:
        """A `$disconnect`, whenever it comes."""
        return disconnect.answer(self.connection_app, events.disconnect(connection, user))

    def send(
        self, user: str | None, connection: str, body: str | dict[str, Any], function: int = 0
    ) -> dict[str, Any]:
        """A frame of a client."""
        event = events.message(body, connection, user, **self.contexts.get(connection, {}))
        return message.answer(self.functions[function % len(self.functions)], event)

    def got(self, connection: str) -> list[Frame]:
        """What has reached a connection since it was last asked; its device takes it."""
        frames = list(self.memory.sent.pop(connection, ()))
        self.devices.setdefault(connection, Device()).take(frames)
        return frames

    def ask(
        self, user: str | None, connection: str, body: str | dict[str, Any], function: int = 0
    ) -> list[Frame]:
        """Send a frame, and take what has come back."""
        assert self.send(user, connection, body, function) == {"statusCode": 200}
        return self.got(connection)


def _metrics() -> Metrics:
    return Metrics(namespace="Parley", service="parley")
