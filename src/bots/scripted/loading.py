"""From a flow file to a flow, or to every mistake in it."""

from pathlib import Path

from bots.scripted.bounds import check_bounds
from bots.scripted.checks import check
from bots.scripted.errors import Fault, FlowError
from bots.scripted.flow import Flow
from bots.scripted.form import shape
from bots.scripted.source import Path as Place
from bots.scripted.source import Source, parse

_PARTS = {"dialogues": "dialogue", "slots": "slot", "answers": "answer", "compute": "computed"}


def load(path: Path) -> Flow:
    """Read the flow file at `path`; raises `FlowError`, or `OSError` where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FlowError([Fault(path.name, 1, "", "not UTF-8 text")]) from error
    return read(text, path.name)


def read(text: str, file: str) -> Flow:
    """Make a flow of YAML `text`; `file` is what errors call it. Raises `FlowError`."""
    source = parse(text, file)
    if not isinstance(source.tree, dict):
        raise FlowError([Fault(file, 1, "", "a flow is a mapping with 'name', 'dialogues', ...")])
    flow, problems = shape(source.tree)
    if flow is not None:
        problems = [*check_bounds(flow), *check(flow)]
    if flow is None or problems:
        raise FlowError([_fault(source, place, problem) for place, problem in problems])
    return flow


def _fault(source: Source, place: Place, problem: str) -> Fault:
    return Fault(source.file, source.line(place), _where(place), problem)


def _where(place: Place) -> str:
    """Name a part of a flow as its author knows it: dialogue 'book', slot 'date'."""
    named = []
    for index in range(0, min(len(place) - 1, 4), 2):
        part = _PARTS.get(str(place[index]))
        if part:
            named.append(f"{part} {place[index + 1]!r}")
    return ", ".join(named)
