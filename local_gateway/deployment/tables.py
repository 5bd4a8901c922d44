"""The stack's tables: what the engine leaves out of them, and their doubles in another DynamoDB."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_gateway.aws import Endpoint
from local_gateway.deployment.stack import Stack
from local_gateway.errors import StartupError

_INDEX_KEYS = ("IndexName", "KeySchema", "Projection")


def set_lifetimes(engine: Endpoint, stack: Stack) -> None:
    """Switch on the expiry of rows: MiniStack's CloudFormation passes over it."""
    client = engine.client("dynamodb")
    for name, properties in _tables(stack):
        wanted = properties.get("TimeToLiveSpecification")
        if not wanted or not isinstance(wanted.get("AttributeName"), str):
            continue
        found = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        enabled = str(wanted.get("Enabled", True)).lower() == "true"
        if enabled != (found["TimeToLiveStatus"] == "ENABLED"):
            _set_lifetime(client, name, wanted["AttributeName"], enabled)


def names(stack: Stack) -> dict[str, str]:
    """Return the name of each table by its logical id."""
    found = stack.template.resources("AWS::DynamoDB::Table")
    return {each: stack.physical[each] for each, _ in found if stack.physical.get(each)}


def create_missing(engine: Endpoint, other: Endpoint, stack: Stack) -> list[str]:
    """Create in ``other`` what tables of the stack it lacks; return their names."""
    here, there = engine.client("dynamodb"), other.own_client("dynamodb")
    created = []
    for name, _ in _tables(stack):
        table = here.describe_table(TableName=name)["Table"]
        lifetime = here.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        try:
            if _create(there, table, lifetime):
                created.append(name)
        except (ClientError, BotoCoreError) as failure:
            raise StartupError(f"AWS_ENDPOINT_URL {other.url}: {failure}") from None
    return created


def _tables(stack: Stack) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and properties of each table but those that a Condition left out."""
    for logical_id, resource in stack.template.resources("AWS::DynamoDB::Table"):
        name = stack.physical.get(logical_id)
        if name:
            yield name, resource.get("Properties", {})


def _create(there: Any, table: dict[str, Any], lifetime: dict[str, Any]) -> bool:
    name = table["TableName"]
    request: dict[str, Any] = {
        "TableName": name,
        "AttributeDefinitions": table["AttributeDefinitions"],
        "KeySchema": table["KeySchema"],
        "BillingMode": "PAY_PER_REQUEST",
    }
    for indexes in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if table.get(indexes):
            request[indexes] = [
                {key: index[key] for key in _INDEX_KEYS} for index in table[indexes]
            ]
    try:
        there.create_table(**request)
    except ClientError as failure:
        if failure.response.get("Error", {}).get("Code") == "ResourceInUseException":
            return False
        raise
    there.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    if lifetime.get("AttributeName"):
        _set_lifetime(there, name, lifetime["AttributeName"], enabled=True)
    return True


def _set_lifetime(client: Any, table: str, attribute: str, enabled: bool) -> None:
    client.update_time_to_live(
        TableName=table,
        TimeToLiveSpecification={"Enabled": enabled, "AttributeName": attribute},
    )
