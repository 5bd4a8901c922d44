"""YAML text as plain values, each with the line it stands on.

Scalars are read by YAML 1.2's rules, so that `yes`, `no` and `12:30` are the words they look like.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from bots.scripted.errors import Fault, FlowError

Path = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 12
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}")


@dataclass(frozen=True)
class Source:
    """What a file says, and where."""

    file: str
    tree: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Give the line of `path`, or of the nearest part around it that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(text: str, file: str) -> Source:
    """Read YAML; raises `FlowError` naming `file` and line when it is not well formed."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise FlowError([Fault(file, line, "", f"not YAML: {error.problem}")]) from error
    except yaml.YAMLError as error:
        raise FlowError([Fault(file, 1, "", f"not YAML: {error}")]) from error
    reader = _Reader(file)
    tree = reader.value(root, ()) if root is not None else None
    if reader.faults:
        raise FlowError(reader.faults)
    return Source(file, tree, reader.lines)


class _Reader:
    """Turns YAML nodes into values and notes their lines."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.faults: list[Fault] = []

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > _MAX_DEPTH:
            self._fault(node, "nested too deeply")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, "a key must be a word")
                continue
            key = str(key_node.value)
            if key in mapping:
                self._fault(key_node, f"{key!r} appears twice")
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            mapping[key] = self.value(value_node, (*path, key))
        return mapping

    def _fault(self, node: yaml.Node, problem: str) -> None:
        self.faults.append(Fault(self.file, node.start_mark.line + 1, "", problem))


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    text = str(node.value)
    if node.style is not None:  # type: ignore[attr-defined]
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text
