"""The contract in docs/ is what the code does: whatever a client or operator meets is named."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from bot import errors, limits
from bot.models import Author, Failure, Rating, Status
from bot.push import pushes
from bot.turn_log.tail import MARKS
from bot.wire import frames
from handlers.observing.measures import UNITS
from tests.support.fault_table import ROWS, Row

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "docs/protocol.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
RELIABILITY = (ROOT / "docs/reliability.md").read_text()
IDENTITY = (ROOT / "docs/identity.md").read_text()
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())


def every_error() -> list[type[errors.ParleyError]]:
    found = [errors.ParleyError]
    for error in found:
        found += error.__subclasses__()
    return found


@pytest.mark.parametrize("action", sorted(frames.FRAMES))
def test_every_action_has_its_row_in_the_protocol(action: str) -> None:
    assert re.search(rf"^\| `{action}` \|", PROTOCOL, re.MULTILINE)


def test_the_protocol_names_no_action_that_the_code_does_not_know() -> None:
    table = PROTOCOL.split("### What a client sends")[1].split("Anything else")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(frames.FRAMES)


@pytest.mark.parametrize("action", sorted(frames.FRAMES))
def test_every_field_of_an_action_is_named_in_its_row(action: str) -> None:
    row = re.search(rf"^\| `{action}` \|([^|]*)\|", PROTOCOL, re.MULTILINE)
    assert row
    named = set(re.findall(r"`(\w+)`", row[1]))
    assert named == {field.metadata["name"] for field in fields(frames.FRAMES[action])}


@pytest.mark.parametrize("code", sorted({error.code for error in every_error()}))
def test_every_error_code_has_its_row_in_the_protocol(code: str) -> None:
    assert re.search(rf"^\| `{code}` \|", PROTOCOL, re.MULTILINE)


@pytest.mark.parametrize("error", every_error(), ids=lambda error: error.__name__)
def test_the_protocol_says_whether_an_error_may_be_retried(error: type[errors.ParleyError]) -> None:
    row = re.search(rf"^\| `{error.code}` \| ([^|]*) \|", PROTOCOL, re.MULTILINE)
    assert row
    said = {"no": False, "yes": True}.get(row[1])
    assert said is None or said == error.retryable


def test_every_type_that_the_server_sends_is_shown_in_the_protocol() -> None:
    sent = set(re.findall(r'"type": "(\w+)"', (ROOT / "src/bot/wire/answers.py").read_text()))
    assert sent == set(re.findall(r'"type":"(\w+)"', PROTOCOL))


def test_every_field_of_a_turn_is_shown_in_the_protocol() -> None:
    shown = re.search(r'"turn":\{([^}]*)\}', PROTOCOL)
    assert shown
    source = (
        (ROOT / "src/bot/wire/answers.py").read_text().split("def turn_object")[1].split("def ")[0]
    )
    sent = set(re.findall(r'"(\w+)":', source))
    assert sent == set(re.findall(r'"(\w+)":', shown[1]))


@pytest.mark.parametrize(
    "value",
    [*sorted(set(Status) - MARKS), *Author, *Failure, *Rating],
    ids=lambda value: str(value),
)
def test_every_value_that_a_client_may_meet_is_named(value: str) -> None:
    assert f"`{value}`" in PROTOCOL


@pytest.mark.parametrize(
    "bound",
    [
        limits.MAX_TEXT_CHARACTERS,
        limits.MAX_REPLY_CHARACTERS,
        limits.MAX_TEXT_BYTES,
        limits.MAX_MESSAGE_ID_CHARACTERS,
        limits.MAX_TITLE_CHARACTERS,
        limits.MAX_TOKEN_CHARACTERS,
        limits.MAX_SEQ,
        limits.MAX_PAGE,
        limits.HISTORY_TURNS,
        limits.NEWEST_TURNS,
        limits.GAP_TURNS,
        limits.RESEND_TURNS,
    ],
)
def test_every_limit_is_told(bound: int) -> None:
    assert re.search(rf"\b{bound:,}\b", PROTOCOL)


@pytest.mark.parametrize("name", sorted(TEMPLATE["Parameters"]))
def test_every_parameter_is_documented_with_its_default(name: str) -> None:
    row = re.search(rf"^\| `{name}` \| ([^|]*) \|", SETTINGS, re.MULTILINE)
    assert row
    default = str(TEMPLATE["Parameters"][name]["Default"])
    assert row[1] == (f"`{default}`" if default else "empty")


def test_identity_sets_no_parameter_that_there_is_not() -> None:
    set_there = set(re.findall(r"\b([A-Z][A-Za-z]*[a-z])=", IDENTITY))
    assert {"JwtIssuers", "JwtAudiences", "SignInClientId", "AllowedOrigins"} <= set_there
    assert set_there <= set(TEMPLATE["Parameters"])


def test_identity_explains_no_refusal_that_there_is_not() -> None:
    code = "".join(path.read_text() for path in sorted((ROOT / "src/auth").glob("*.py")))
    table = IDENTITY.split("| `reason` |")[1].split("\n\n")[0]
    explained = [
        reason
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for reason in re.findall(r"`(.*?)`", row)
    ]
    assert explained
    assert [reason for reason in explained if f'"{reason}"' not in code] == []


def environment_variables() -> set[str]:
    functions = [
        TEMPLATE["Globals"]["Function"],
        *(
            resource["Properties"]
            for resource in TEMPLATE["Resources"].values()
            if resource["Type"] == "AWS::Serverless::Function"
        ),
    ]
    return {
        name
        for function in functions
        for name in function.get("Environment", {}).get("Variables", {})
    }


def test_the_local_gateway_starts_as_many_functions_as_its_page_says() -> None:
    types = [resource["Type"] for resource in TEMPLATE["Resources"].values()]
    said = f"\nStarting {types.count('AWS::Serverless::Function')} functions\n"
    assert said in (ROOT / "docs/local-gateway.md").read_text()


@pytest.mark.parametrize("name", sorted(environment_variables()))
def test_every_environment_variable_is_documented(name: str) -> None:
    assert f"`{name}`" in SETTINGS


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: str(row.number))
def test_every_kind_of_fault_has_its_figures(row: Row) -> None:
    assert f"\n| {row.number} | {row.fault} | {row.holds} | " in RELIABILITY


@pytest.mark.parametrize(
    "invariant", sorted({*"".join(row.holds for row in ROWS.values())} - {" "})
)
def test_every_invariant_is_told(invariant: str) -> None:
    assert f"\n| {invariant} | " in RELIABILITY


def test_every_make_target_explains_itself() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()) - {"FORCE"}
    explained = set(re.findall(r"^([\w-]+):.*##", makefile, re.MULTILINE))
    assert phony - explained == set()


def commands() -> list[str]:
    files = (ROOT / "operations").glob("*.py")
    return sorted(path.stem for path in files if "__main__" in path.read_text())


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_operator_is_documented(command: str) -> None:
    operations = (ROOT / "docs/operations.md").read_text()
    assert f"python -m operations.{command}" in operations
    assert f"make {command}" in operations


OPERATIONS = (ROOT / "docs/operations.md").read_text()


@pytest.mark.parametrize("name", UNITS)
def test_every_metric_has_its_row_with_unit_dimensions_and_meaning(name: str) -> None:
    row = rf"^\| `{name}` \| {UNITS[name]} \| service \| [a-z, ]+ \| .+ \|$"
    assert len(re.findall(row, OPERATIONS, re.MULTILINE)) == 1


def test_the_table_of_metrics_names_none_that_there_is_not() -> None:
    table = OPERATIONS.split("### Metrics")[1].split("**What seeing costs**")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(UNITS)


def test_what_seeing_costs_is_reckoned_from_what_there_is() -> None:
    alarms = sum(
        each["Type"] == "AWS::CloudWatch::Alarm" for each in TEMPLATE["Resources"].values()
    )
    assert f"{len(UNITS)} metrics at $0.30, ${0.3 * len(UNITS):.2f}" in OPERATIONS
    assert f"{alarms} alarms at $0.10, ${0.1 * alarms:.2f}" in OPERATIONS


PUSH = (ROOT / "docs/push.md").read_text()


@pytest.mark.parametrize("name", pushes.FIELDS)
def test_every_field_of_a_push_has_its_row(name: str) -> None:
    assert re.search(rf"^\| [^|]*`{name}`[^|]* \|", PUSH, re.MULTILINE)


@pytest.mark.parametrize(
    "bound",
    [
        limits.MAX_USER_ID_CHARACTERS,
        limits.MAX_REPLY_CHARACTERS,
        limits.MAX_CONTENT_BYTES,
        limits.MAX_MESSAGE_ID_CHARACTERS,
        limits.MAX_STATE_BYTES,
        limits.MAX_LEVELS,
        limits.MAX_POSITION_DIGITS,
        limits.RESEND_TURNS,
    ],
)
def test_every_limit_of_a_push_is_told(bound: int) -> None:
    assert re.search(rf"\b{bound:,}\b", PUSH)


def linked_pages() -> list[tuple[str, str]]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return [
        (str(page.relative_to(ROOT)), link)
        for page in pages
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    ]


@pytest.mark.parametrize(("page", "link"), linked_pages())
def test_every_link_between_pages_leads_somewhere(page: str, link: str) -> None:
    assert (ROOT / page).parent.joinpath(link).exists()
