"""Gives a file's values the form of a flow: shorthand written out, types checked by pydantic."""

from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from bots.scripted.flow import Answer, Case, Computed, Dialogue, Ending, Flow, Slot
from bots.scripted.source import Path

_LISTS = ("patterns", "keywords", "words", "formats", "lead_ins", "answer_lead_ins", "units")
_PARTS = (Case, Ending, Slot, Computed, Answer, Dialogue, Flow)
_STRICT = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


def shape(tree: dict[str, Any]) -> tuple[Flow | None, list[tuple[Path, str]]]:
    """Make a flow of `tree`, or say what is wrong with it and where."""
    for part in _PARTS:
        setattr(part, "__pydantic_config__", _STRICT)  # noqa: B010 - no field of the dataclass
    try:
        return TypeAdapter(Flow).validate_python(_written_out(tree)), []
    except ValidationError as error:
        return None, [_problem(one) for one in error.errors()]


def _problem(error: Any) -> tuple[Path, str]:
    place: Path = tuple(error["loc"])
    key, given = str(place[-1]), error["input"]
    if error["type"] == "missing":
        return place, f"{key!r} is missing"
    if error["type"] == "unexpected_keyword_argument":
        return place, f"unknown key {key!r}"
    if error["type"] == "literal_error":
        return place, f"unknown {key} {given!r}; expected {error['ctx']['expected']}"
    if error["type"].startswith("dataclass"):
        return place, f"{key!r} should have keys and values of its own"
    message = error["msg"].removeprefix("Input ").split(", ")[0]
    named = next((str(one) for one in reversed(place) if isinstance(one, str)), key)
    shown = f", not {given!r}" if isinstance(given, str | int | float) else ""
    return place, f"{named!r} {message[0].lower()}{message[1:]}{shown}"


def _written_out(flow: dict[str, Any]) -> dict[str, Any]:
    whole = flow | {"fallback": _list(flow["fallback"])} if "fallback" in flow else dict(flow)
    for part, written in (("dialogues", _dialogue), ("answers", _topic)):
        if isinstance(whole.get(part), dict):
            whole[part] = {name: written(form) for name, form in whole[part].items()}
    return whole


def _dialogue(form: Any) -> Any:
    dialogue = _topic(form)
    if isinstance(dialogue, dict):
        dialogue = _with(dialogue, "forget", _list)
        if isinstance(dialogue.get("slots"), dict):
            dialogue["slots"] = {name: _slot(slot) for name, slot in dialogue["slots"].items()}
    return dialogue


def _topic(form: Any) -> Any:
    if not isinstance(form, dict):
        return form
    for key in ("patterns", "keywords"):
        form = _with(form, key, _list)
    return _with(_with(form, "say", _cases), "done", _cases)


def _slot(form: Any) -> Any:
    if not isinstance(form, dict):
        return form
    for key in (*_LISTS, "weekdays"):
        form = _with(form, key, _list)
    return _with(_with(form, "choices", _choices), "when", _when)


def _with(form: dict[str, Any], key: str, written: Any) -> dict[str, Any]:
    return form | {key: written(form[key])} if key in form else dict(form)


def _cases(value: Any) -> Any:
    if not isinstance(value, list):
        return [{"say": value}]
    return [_with(case, "when", _when) if isinstance(case, dict) else case for case in value]


def _when(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: [_spelled(one) for one in _list(allowed)] for name, allowed in value.items()}


def _spelled(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _choices(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return {str(one): [] for one in value}
    if isinstance(value, dict):
        return {name: [] if words is None else _list(words) for name, words in value.items()}
    return value


def _list(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value
