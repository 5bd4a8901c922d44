"""Tables keep their keys: the engine would replace a table whose key changes, rows and all."""

from collections.abc import Mapping
from typing import Any

from local_gateway.deployment.template import Template
from local_gateway.errors import StartupError


def refuse_changed_keys(before: Mapping[str, Any], template: Template) -> None:
    """Raise StartupError where the template gives a table of the document ``before`` a new key."""
    for name, resource in template.resources("AWS::DynamoDB::Table"):
        old = (before.get("Resources") or {}).get(name)
        if old and _key(old) != _key(resource):
            raise StartupError(
                f"{template.path}: {name} changes its key, which would lose its rows; "
                "start with another DATA_DIR"
            )


def _key(table: Mapping[str, Any]) -> Any:
    properties = table.get("Properties") or {}
    keys = [k["AttributeName"] for k in properties.get("KeySchema", [])]
    types = {a["AttributeName"]: a["AttributeType"] for a in properties["AttributeDefinitions"]}
    return (
        [(key, types.get(key)) for key in keys],
        properties.get("LocalSecondaryIndexes"),
        properties.get("TableName"),
    )
