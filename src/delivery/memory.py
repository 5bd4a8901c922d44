"""Frames kept instead of sent: for tests."""

import json
from collections import defaultdict
from threading import Lock
from typing import Any

from bot.errors import ConnectionGone


class MemorySender:
    """`bot.ports.FrameSender` and `Gatekeeper`; remembers what each client would have got."""

    def __init__(self) -> None:
        self.sent: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.gone: set[str] = set()
        self._lock = Lock()

    def send(self, connection_id: str, frame: bytes) -> None:
        """See the port."""
        with self._lock:
            if connection_id in self.gone:
                raise ConnectionGone
            self.sent[connection_id].append(json.loads(frame))

    def close(self, connection_id: str) -> None:
        """See the port."""
        with self._lock:
            if connection_id in self.gone:
                raise ConnectionGone
            self.gone.add(connection_id)

    def is_open(self, connection_id: str) -> bool:
        """See the port."""
        with self._lock:
            return connection_id not in self.gone
