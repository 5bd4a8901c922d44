"""A checked flow as JSON beside its YAML, so that a cold start needs neither YAML nor pydantic.

`service_desk.yaml` has `service_desk.flow.json`, which holds the SHA-256 of the YAML it was made
from and is used only while that agrees: it can be missing, but never out of date.
"""

import json
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from bots.scripted.flow import Answer, Case, Computed, Dialogue, Ending, Flow, Slot

FORMAT = 1


def place_of(path: Path) -> Path:
    """Say where the compiled form of the flow file at `path` lies."""
    return path.with_suffix(".flow.json")


def write(path: Path, flow: Flow) -> Path:
    """Put the compiled form of `flow` beside its file at `path`."""
    compiled = {"format": FORMAT, "sha256": _digest(path), "flow": _plain(flow)}
    place = place_of(path)
    place.write_text(json.dumps(compiled, ensure_ascii=False) + "\n", encoding="utf-8")
    return place


def read(path: Path) -> Flow | None:
    """Give the compiled flow of the file at `path`; None where there is none that agrees."""
    try:
        compiled = json.loads(place_of(path).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(compiled, dict) or compiled.get("format") != FORMAT:
        return None
    return _flow(compiled["flow"]) if compiled.get("sha256") == _digest(path) else None


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _plain(part: Any) -> Any:
    """Make JSON of a part, leaving out what it left out."""
    if isinstance(part, dict):
        return {name: _plain(one) for name, one in part.items()}
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if is_dataclass(part):
        said = {field.name: getattr(part, field.name) for field in fields(part)}
        return {name: _plain(one) for name, one in said.items() if one not in (None, "", [], {})}
    return part


def _flow(form: dict[str, Any]) -> Flow:
    dialogues = {name: _dialogue(part) for name, part in form.pop("dialogues").items()}
    answers = {
        name: Answer(say=[Case(**case) for case in part.pop("say")], **part)
        for name, part in form.pop("answers", {}).items()
    }
    return Flow(dialogues=dialogues, answers=answers, **form)


def _dialogue(form: dict[str, Any]) -> Dialogue:
    return Dialogue(
        slots={name: Slot(**slot) for name, slot in form.pop("slots", {}).items()},
        compute={name: Computed(**rule) for name, rule in form.pop("compute", {}).items()},
        done=[Ending(**ending) for ending in form.pop("done")],
        **form,
    )
