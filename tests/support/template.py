"""The tables as template.yaml describes them: no test repeats the schema."""

from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]


@cache
def template() -> dict[str, Any]:
    """The parsed template."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    return parsed


def create_tables(client: Any) -> dict[str, str]:
    """Create every table of the template under its logical id. Their TTL attributes by name."""
    lifetimes = {}
    for name, resource in template()["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        described = resource["Properties"]
        made = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
        client.create_table(
            TableName=name, **{each: described[each] for each in made if each in described}
        )
        lifetimes[name] = described["TimeToLiveSpecification"]["AttributeName"]
    return lifetimes
