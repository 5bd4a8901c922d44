"""The SAM template: read, and made fit for an engine that does not run the code itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse

from local_gateway.errors import StartupError

# What the engine gets instead of the code.
CODE_BUCKET, CODE_KEY = "local-gateway-code", "stub.zip"
# A template of over 51,200 bytes cannot stand in a request: it is read from beside the code.
TEMPLATE_KEY = "template.json"
CODE_URI = f"s3://{CODE_BUCKET}/{CODE_KEY}"
FUNCTION_TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")


@dataclass(frozen=True)
class Template:
    """A parsed template and where each function's code lies."""

    path: Path
    document: dict[str, Any]
    code_dirs: Mapping[str, Path]

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.document.get("Parameters") or {}

    def resources(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield logical id and definition of each resource of that type."""
        for name, resource in self.document["Resources"].items():
            if resource.get("Type") == kind:
                yield name, resource


def load(path: Path) -> Template:
    """Read a template and put the one uploaded package in place of each function's local code.

    Raises StartupError naming the file, and the line where there is one.
    """
    document = _parse(path)
    code_dirs: dict[str, Path] = {}
    shared = ((document.get("Globals") or {}).get("Function") or {}).pop("CodeUri", None)
    for name, resource in document["Resources"].items():
        if not isinstance(resource, dict):
            raise StartupError(f"{path}: resource {name} is not a mapping")
        if resource.get("Type") not in FUNCTION_TYPES:
            continue
        properties = resource.setdefault("Properties", {})
        code_dirs[name] = _code_dir(path, name, properties.get("CodeUri", shared))
        properties["CodeUri"] = CODE_URI
    return Template(path, document, code_dirs)


def _parse(path: Path) -> dict[str, Any]:
    try:
        document = yaml_parse(path.read_text(encoding="utf-8"))
    except OSError as failure:
        raise StartupError(f"{path}: {failure.strerror}") from None
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise StartupError(f"{path}{line}: {failure.problem or failure.context}") from None
    except (yaml.YAMLError, ValueError) as failure:
        raise StartupError(f"{path}: {' '.join(str(failure).split())}") from None
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise StartupError(f"{path}: there are no Resources in it")
    return document


def _code_dir(path: Path, name: str, uri: Any) -> Path:
    if not isinstance(uri, str):
        raise StartupError(f"{path}: {name} has no local CodeUri")
    directory = (path.parent / uri).resolve()
    if not directory.is_dir():
        raise StartupError(f"{path}: CodeUri of {name}: there is no directory {directory}")
    return directory
