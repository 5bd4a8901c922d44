"""The engine's port, kept from one start to the next."""

import json
import socket
from pathlib import Path

from local_gateway.errors import StartupError


def bind_again(note: Path) -> socket.socket:
    """Listen on the loopback port that the note names, else on any that is free."""
    for port in (_noted(note), 0):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen(512)
            return listening
        except OSError:
            listening.close()
    raise StartupError("no free port for the engine")


def _noted(note: Path) -> int:
    try:
        return int(json.loads(note.read_text())["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
