"""The functions behind API Gateway, without it: real handlers on stores and a sender of choice."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from bot.answers import Frame
from bot.ports import Bot, ConnectionStore, ConversationStore, FrameSender
from delivery.fan_out import FanOut
from delivery.memory import MemorySender
from handlers import connect, disconnect, message
from handlers.composition import ConnectionApp, MessageApp
from store.memory import MemoryConnectionStore, MemoryConversationStore
from tests.support import events
from tests.support.clock import FakeClock
from tests.support.device import Device
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
        self.connection_app = ConnectionApp(self.connections, Logger(), _metrics(), self.clock)
        self.functions = [self.new_function() for _ in range(functions)]
        self.devices: dict[str, Device] = {}

    def new_function(self, conversations: ConversationStore | None = None) -> MessageApp:
        """A message function without memory."""
        chat = Worker(conversations or self.conversations, self.clock, bot=self.bot).chat
        fan_out = FanOut(self.sender, self.connections, self.clock)
        return MessageApp(chat, fan_out, self.connections, Logger(), _metrics())

    def connect(self, user: str, connection: str, **request: Any) -> dict[str, Any]:
        """A handshake's `$connect`."""
        self.devices.setdefault(connection, Device())
        event = events.connect(connection, user, at=self.clock(), **request)
        return connect.answer(self.connection_app, event)

    def disconnect(self, user: str | None, connection: str) -> dict[str, Any]:
        """A `$disconnect`, whenever it comes."""
        return disconnect.answer(self.connection_app, events.disconnect(connection, user))

    def send(
        self, user: str | None, connection: str, body: str | dict[str, Any], function: int = 0
    ) -> dict[str, Any]:
        """A frame of a client."""
        event = events.message(body, connection, user)
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
