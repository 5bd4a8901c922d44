"""The events not yet done with, one file each: what was accepted survives the gateway's death."""

import dataclasses
import json
import logging
import os
from pathlib import Path

from local_gateway.asynchronous.event import QueuedEvent

log = logging.getLogger("local_gateway")

_SUFFIX = ".json"


class EventFiles:
    """A directory of events; a file is there whole or not at all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, event: QueuedEvent) -> None:
        """Keep an event as it is now; once this returns it survives the process."""
        path = self._path(event)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(dataclasses.asdict(event)), encoding="utf-8")
        os.replace(partial, path)

    def remove(self, event: QueuedEvent) -> None:
        """Forget an event."""
        self._path(event).unlink(missing_ok=True)

    def all(self) -> list[QueuedEvent]:
        """Return the events kept, the oldest first."""
        found = []
        for path in self._directory.glob(f"*{_SUFFIX}"):
            try:
                found.append(QueuedEvent(**json.loads(path.read_text(encoding="utf-8"))))
            except (ValueError, TypeError):
                # Nothing here writes such a file; a power cut may.
                log.error("%s cannot be read and is passed over", path)
        return sorted(found, key=lambda event: event.accepted)

    def _path(self, event: QueuedEvent) -> Path:
        return self._directory / f"{event.key}{_SUFFIX}"
