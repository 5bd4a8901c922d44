"""The stack's tables: what the engine leaves out of them, and their doubles in another DynamoDB."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_gateway import aws
from local_gateway.deployment import Stack
from local_gateway.errors import StartupError

_INDEX_KEYS = ("IndexName", "KeySchema", "Projection")


def set_lifetimes(engine: str, region: str, stack: Stack) -> None:
    """Switch on the expiry of rows: MiniStack's CloudFormation passes over it."""
    client = aws.client("dynamodb", engine, region)
    for logical_id, resource in stack.template.resources("AWS::DynamoDB::Table"):
        wanted = resource.get("Properties", {}).get("TimeToLiveSpecification")
        name = stack.physical.get(logical_id)
        if not name or not wanted or not isinstance(wanted.get("AttributeName"), str):
            continue
        found = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        enabled = str(wanted.get("Enabled", True)).lower() == "true"
        if enabled != (found["TimeToLiveStatus"] == "ENABLED"):
            client.update_time_to_live(
                TableName=name,
                TimeToLiveSpecification={
                    "Enabled": enabled,
                    "AttributeName": wanted["AttributeName"],
                },
            )


def create_missing(engine: str, other: str, region: str, stack: Stack) -> list[str]:
    """Create in ``other`` what tables of the stack it lacks; return their names."""
    here = aws.client("dynamodb", engine, region)
    there = aws.own_client("dynamodb", other, region)
    created = []
    for logical_id, _ in stack.template.resources("AWS::DynamoDB::Table"):
        name = stack.physical.get(logical_id)
        if not name:
            continue
        table = here.describe_table(TableName=name)["Table"]
        lifetime = here.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        try:
            if _create(there, table, lifetime):
                created.append(name)
        except (ClientError, BotoCoreError) as failure:
            raise StartupError(f"AWS_ENDPOINT_URL {other}: {failure}") from None
    return created


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
        there.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={
                "Enabled": True,
                "AttributeName": lifetime["AttributeName"],
            },
        )
    return True
