"""Deploy the template to the engine through CloudFormation, keeping the tables and their rows."""

import io
import json
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local_gateway import aws, template
from local_gateway.errors import StartupError
from local_gateway.template import Template

STACK = "parley"
_BUCKET, _KEY = "local-gateway-code", "stub.zip"
_CODE_URI = f"s3://{_BUCKET}/{_KEY}"
_DEPLOY_SECONDS = 120.0
# States that allow no update and hold nothing worth keeping.
_NEVER_STOOD = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED")


@dataclass(frozen=True)
class Stack:
    """A deployed stack: physical ids by logical id, and the template that made it."""

    template: Template
    physical: Mapping[str, str]


def deploy(endpoint: str, region: str, path: Path, overrides: Mapping[str, str]) -> Stack:
    """Create or update the stack and wait for it; raise StartupError with the reason it failed."""
    wanted = template.load(path, _CODE_URI)
    unknown = [name for name in overrides if name not in wanted.parameters]
    if unknown:
        raise StartupError(f"{path}: there is no parameter {', '.join(unknown)}")
    missing = [
        name
        for name, parameter in wanted.parameters.items()
        if name not in overrides and "Default" not in (parameter or {})
    ]
    if missing:
        raise StartupError(f"{path}: parameter {', '.join(missing)} needs a value")
    _upload_stub(endpoint, region)
    cloudformation = aws.client("cloudformation", endpoint, region)
    _keep_rows(cloudformation, wanted)
    request = {
        "StackName": STACK,
        "TemplateBody": json.dumps(wanted.document, default=str),
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": _parameters(wanted, overrides),
    }
    try:
        _submit(cloudformation, request)
        _wait(cloudformation, path)
    except ClientError as failure:
        raise StartupError(f"{path}: {_said(failure)}") from None
    return Stack(wanted, _physical_ids(cloudformation))


def parse_overrides(words: list[str]) -> dict[str, str]:
    """Read ``--parameter-overrides`` as the SAM CLI does.

    ``Name=value`` and ``ParameterKey=Name,ParameterValue=value``, one a word or several in one.
    Raises StartupError on what is neither.
    """
    overrides: dict[str, str] = {}
    name = ""
    for part in " ".join(words).split(" "):
        if part.startswith("ParameterKey="):
            key, _, value = part.removeprefix("ParameterKey=").partition(",ParameterValue=")
        else:
            key, equals, value = part.partition("=")
            if not equals:
                if part and not name:
                    raise StartupError(f"--parameter-overrides: {part!r} is not Name=value")
                # A value with spaces in it.
                overrides.update({name: f"{overrides[name]} {part}"} if name else {})
                continue
        if not key.isalnum():
            raise StartupError(f"--parameter-overrides: {part!r} is not Name=value")
        name = key
        overrides[name] = value
    return {key: _unquoted(value.strip()) for key, value in overrides.items()}


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _parameters(wanted: Template, overrides: Mapping[str, str]) -> list[dict[str, str]]:
    values = {
        name: overrides.get(name, _text((parameter or {}).get("Default")))
        for name, parameter in wanted.parameters.items()
    }
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _upload_stub(endpoint: str, region: str) -> None:
    # The engine wants a package, yet never runs it: the gateway's own workers run the code. It
    # is the same bytes every time, so that a change of code is no change of the stack.
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(zipfile.ZipInfo("stub.py"), "")
    s3 = aws.client("s3", endpoint, region)
    try:
        s3.create_bucket(Bucket=_BUCKET)
    except ClientError as failure:
        if "BucketAlready" not in failure.response.get("Error", {}).get("Code", ""):
            raise
    s3.put_object(Bucket=_BUCKET, Key=_KEY, Body=package.getvalue())


def _submit(cloudformation: Any, request: Mapping[str, Any]) -> None:
    status = _status(cloudformation)
    if status in _NEVER_STOOD:
        cloudformation.delete_stack(StackName=STACK)
        _settled(cloudformation)
        status = None
    if status is None:
        cloudformation.create_stack(**request)
        return
    try:
        cloudformation.update_stack(**request)
    except ClientError as failure:
        if "No updates are to be performed" not in _said(failure):
            raise


def _status(cloudformation: Any) -> str | None:
    try:
        stacks = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    except ClientError:
        return None
    status = str(stacks[0]["StackStatus"])
    return None if status == "DELETE_COMPLETE" else status


def _settled(cloudformation: Any) -> str | None:
    deadline = time.monotonic() + _DEPLOY_SECONDS
    while (status := _status(cloudformation)) and status.endswith("IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise StartupError(f"the stack is still {status}")
        time.sleep(0.05)
    return status


def _wait(cloudformation: Any, path: Path) -> None:
    status = _settled(cloudformation)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise StartupError(f"{path}: {_reason(cloudformation) or f'the stack is {status}'}")


def _reason(cloudformation: Any) -> str:
    """Return the first failure of the last operation, which the others follow from."""
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    reason = ""
    for event in events:  # the newest first
        status = event.get("ResourceStatus", "")
        if status.endswith("_FAILED") and event.get("ResourceStatusReason"):
            reason = f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        own = event.get("ResourceType") == "AWS::CloudFormation::Stack"
        if own and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
            break
    return " ".join(reason.split())


def _keep_rows(cloudformation: Any, wanted: Template) -> None:
    """Refuse a change that would have the engine replace a table, and so lose its rows."""
    try:
        body = cloudformation.get_template(StackName=STACK)["TemplateBody"]
    except ClientError:
        return
    before = json.loads(body) if isinstance(body, str) else body
    for name, resource in wanted.resources("AWS::DynamoDB::Table"):
        old = (before.get("Resources") or {}).get(name)
        if old and _key(old) != _key(resource):
            raise StartupError(
                f"{wanted.path}: {name} changes its key, which would lose its rows; "
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


def _physical_ids(cloudformation: Any) -> dict[str, str]:
    ids: dict[str, str] = {}
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK):
        for resource in page["StackResourceSummaries"]:
            ids[resource["LogicalResourceId"]] = resource.get("PhysicalResourceId", "")
    return ids


def _said(failure: ClientError) -> str:
    return " ".join(str(failure.response.get("Error", {}).get("Message", failure)).split())
