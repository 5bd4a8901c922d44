"""A Lambda function as deployed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LATEST = "$LATEST"


@dataclass(frozen=True)
class AsyncSettings:
    """What becomes of events nobody waits for; ARNs, or nothing, for where records of them go."""

    max_retries: int = 2
    max_age: float = 6 * 60 * 60
    dead_letters: str = ""
    on_failure: str = ""
    on_success: str = ""


@dataclass(frozen=True)
class Function:
    """What a function is called, what it runs and with which settings; ``timeout`` in seconds."""

    name: str
    logical_id: str
    arn: str
    handler: str
    code_dir: Path
    timeout: float
    memory: int = 128
    environment: Mapping[str, str] = field(default_factory=dict)
    asynchronous: AsyncSettings = field(default_factory=AsyncSettings)
    qualifiers: frozenset[str] = frozenset({LATEST})
