"""docs/local-gateway.md names every flag, fault and assumption there is."""

import re
from dataclasses import fields
from pathlib import Path

from local_gateway.assumptions import Assumptions
from local_gateway.cli import _parser
from local_gateway.faults import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "local-gateway.md").read_text(encoding="utf-8")
IN_CODE = set(re.findall(r"`([^`\n]+)`", PAGE.replace("```", "")))


def test_every_flag_is_documented() -> None:
    flags = {flag for action in _parser({})._actions for flag in action.option_strings}
    mentioned = {word for text in IN_CODE for word in text.split()}
    assert flags - {"-h", "--help"} <= mentioned


def test_every_fault_is_documented_with_its_seconds() -> None:
    for kind, seconds in KINDS.items():
        shown = f"{seconds:g}" if seconds else ""
        assert re.search(rf"^\| `{kind}` \| {shown} ?\|", PAGE, re.MULTILINE), kind


def test_every_assumption_is_documented_with_its_default() -> None:
    for field in fields(Assumptions):
        default = str(field.default).lower()
        assert f"| `{field.name}` | {default} |" in PAGE
