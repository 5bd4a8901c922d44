"""How to run the gateway."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_gateway.assumptions import Assumptions
from local_gateway.asynchronous.event import RETRY_WAITS
from local_gateway.faults import Faults

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """What the user may choose; the defaults are those of ``make run``."""

    template: Path = PROJECT / "template.yaml"
    page_dir: Path = PROJECT / "web-client"
    data_dir: Path = PROJECT / ".parley"
    port: int = 8080
    overrides: Mapping[str, str] = field(default_factory=dict)
    other_dynamodb: str | None = None
    concurrency: int = 8
    faults: Faults = field(default_factory=Faults)
    retry_waits: tuple[float, ...] = RETRY_WAITS
    assumptions: Assumptions = field(default_factory=Assumptions)
    verbose: bool = False
    reload: bool = True
    # What functions run on; packages that `make build` made need their own.
    python: str = sys.executable
    # Variables that every function gets beside the template's; for tests.
    variables: Mapping[str, str] = field(default_factory=dict)
