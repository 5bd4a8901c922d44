"""An AWS with a stack in it, and @connections."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local_gateway.engine.engine import Engine
from tests.support.connections_endpoint import ConnectionsEndpoint
from tests.support.engine import new_client
from tests.support.template import template

OUTPUTS = (
    "ConnectionsTableName",
    "SessionsTableName",
    "ConnectionsEndpoint",
    "PushQueueUrl",
    "BroadcastQueueUrl",
)
KEPT = ("AWS::DynamoDB::Table", "AWS::SQS::Queue")


@pytest.fixture
def endpoint() -> Iterator[ConnectionsEndpoint]:
    """@connections on loopback."""
    listening = ConnectionsEndpoint()
    yield listening
    listening.stop()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded AWS with all of its services, by its address."""
    with asyncio.Runner() as runner:
        engine = Engine(tmp_path_factory.mktemp("cloud"), "us-east-1")
        runner.run(engine.start())
        yield engine.url
        runner.run(engine.stop())


@pytest.fixture
def aws(cloud: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """That AWS where the SDK finds it, and a user who may do everything."""
    for name in ("AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return cloud


@pytest.fixture
def stack(aws: str, endpoint: ConnectionsEndpoint) -> str:
    """The template's tables, queues and outputs, deployed; @connections is the one on loopback."""
    described = template()
    kept = {
        name: {"Type": resource["Type"], "Properties": resource["Properties"]}
        for name, resource in described["Resources"].items()
        if resource["Type"] in KEPT
    }
    outputs = {name: {"Value": described["Outputs"][name]["Value"]} for name in OUTPUTS}
    outputs["ConnectionsEndpoint"]["Value"] = endpoint.url
    return deploy(aws, {"Resources": kept, "Outputs": outputs})


def deploy(url: str, document: dict[str, Any]) -> str:
    """Make a stack; its name."""
    name = f"chat-{uuid4().hex[:8]}"
    cloudformation = new_client("cloudformation", endpoint_url=url)
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(document))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    return name


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nobody has set up AWS."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "PROFILE", "REGION", "DEFAULT_REGION"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
