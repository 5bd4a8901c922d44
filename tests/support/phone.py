"""A client with an outbox, on the functions of a `Backend`: it sends until it is answered, and
connects again when its connection is gone."""

from typing import Any

from bot.wire.answers import Frame
from tests.support.backend import Backend
from tests.support.device import Device
from tests.support.history import History

PATIENCE = 200
"""Tries."""


class Phone:
    """One device of a user. Whatever it sends and sees goes into the history."""

    def __init__(self, backend: Backend, history: History, user: str, name: str) -> None:
        self.device = Device()
        self.connections = 0
        self._backend = backend
        self._history = history
        self._user = user
        self._name = name
        self.connect()

    @property
    def connection(self) -> str:
        """Its present connection."""
        return f"{self._name}{self.connections}="

    def connect(self) -> None:
        """Open a connection, where the one before is gone, and show what it gets."""
        if self.connections:
            self._history.closed(self._user, self.connection)
        self.connections += 1
        self._backend.devices[self.connection] = self.device
        assert self._backend.connect(self._user, self.connection)["statusCode"] == 200
        self._history.opened(self._user, self.connection)

    def say(self, message_id: str, text: str | None = None) -> Frame:
        """Send a message until its turn comes."""
        said = {"messageId": message_id, "text": text or f"text of {message_id}"}
        frame = {"action": "message", "after": self.device.head, **said}
        for attempt in range(PATIENCE):
            for answer in self.ask(frame, attempt):
                if answer["type"] == "turn" and answer["turn"]["messageId"] == message_id:
                    return answer
        raise AssertionError(f"{message_id} was never answered")

    def ask(self, frame: dict[str, Any], function: int = 0) -> list[Frame]:
        """Send a frame; what has come by then."""
        if self.connection in self._backend.memory.gone:
            self.connect()
        self._history.send(self._user, frame, self.connection)
        self._backend.send(self._user, self.connection, frame, function)
        return self.look()

    def look(self) -> list[Frame]:
        """What has come since it last looked."""
        frames = self._backend.got(self.connection)
        self._history.got(self._user, frames, self.connection)
        return frames

    def catch_up(self, head: int) -> None:
        """Resume until it shows all there is, and note what it shows."""
        for attempt in range(PATIENCE):
            self.ask({"action": "resume", **self.device.place}, attempt)
            if self.device.head == head:
                break
        self._history.shows(self._user, self.connection, "main", self.device.shown)
