"""What was written to DynamoDB since the engine last saved: a physical journal.

MiniStack keeps its tables in memory and saves them on a clean stop alone. A table's row is written
here, whole, before its writer hears of success; so a killed engine loses nothing. Lines hold what a
row became, not what was asked for: reading them twice, or over newer rows, ends in the same rows.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Entry = tuple[str, str, str, Any]


class Journal:
    """An append-only file of rows: table ARN, partition key, sort key, row or None for removed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @property
    def size(self) -> int:
        return os.fstat(self._file).st_size

    def append(self, entry: Entry) -> None:
        """Write an entry; once this returns it survives the process."""
        os.write(self._file, json.dumps(entry, separators=(",", ":")).encode() + b"\n")

    def entries(self) -> Iterator[Entry]:
        """Read all entries; a last line cut short by a crash was never acknowledged."""
        with self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                table, partition, sort, row = json.loads(line)
                yield table, partition, sort, row

    def clear(self) -> None:
        """Forget everything: it has been saved."""
        os.ftruncate(self._file, 0)
