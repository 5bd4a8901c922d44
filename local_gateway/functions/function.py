"""A Lambda function as deployed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


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
