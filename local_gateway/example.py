"""An example of examples/: its page, its bot's code, and the parameters that it wants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_gateway.deployment.parameters import parse_overrides
from local_gateway.errors import StartupError

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@dataclass(frozen=True)
class Example:
    """Its page is served at ``/<name>/``, beside the client library; its code, where it has any, is
    on the functions' path."""

    name: str
    page_dir: Path
    code_dir: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


def open_example(name: str, examples: Path = EXAMPLES) -> Example:
    """Find an example by its name; raise StartupError where there is none."""
    known = sorted(page.parent.name for page in examples.glob("*/page"))
    if name not in known:
        raise StartupError(f"--example: there is no {name!r}, only {', '.join(known)}")
    folder = examples / name
    code_dir, parameters = folder / "src", folder / "parameters"
    words = parameters.read_text(encoding="utf-8").split() if parameters.is_file() else []
    return Example(
        name,
        folder / "page",
        code_dir if code_dir.is_dir() else None,
        parse_overrides(words),
    )
