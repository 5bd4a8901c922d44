"""Which Parley a command is for: a stack on AWS, or the gateway that runs on this machine."""

import json
import os
import socket
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from operations.failures import OperationFailed, told

NOTICE = "deployment.json"
"""What a running gateway keeps in its DATA_DIR (docs/local-gateway.md)."""

FUNCTION_SECONDS = 130
"""More than the longest that is waited for runs (UserDataFunction in template.yaml)."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where rows are kept and how connections are reached.

    Region and addresses that are None are found in the SDK's own way, as credentials are.
    `engine_url` is the embedded AWS of a laptop; `dynamodb_url` is the same, unless the gateway was
    given another DynamoDB; `lambda_url` is the gateway, which runs the functions.
    """

    connections_table: str
    sessions_table: str
    connections_endpoint: str
    push_queue: str = ""
    user_data_function: str = ""
    broadcast_queue: str = ""
    region: str | None = None
    dynamodb_url: str | None = None
    engine_url: str | None = None
    lambda_url: str | None = None

    def dynamodb(self) -> Any:
        """A client of the tables. Raises OperationFailed."""
        config = Config(retries={"mode": "standard", "total_max_attempts": 4})
        return self._client("dynamodb", self.dynamodb_url, config)

    def management_api(self) -> Any:
        """A client of @connections, which does not try again by itself. Raises OperationFailed."""
        config = Config(retries={"total_max_attempts": 1})
        return self._client("apigatewaymanagementapi", self.connections_endpoint, config)

    def sqs(self) -> Any:
        """A client of the queue that backends push to. Raises OperationFailed."""
        config = Config(retries={"mode": "standard", "total_max_attempts": 4})
        return self._client("sqs", self.engine_url, config)

    def functions(self) -> Any:
        """A client that invokes functions, and waits for as long as they run; it does not try again
        by itself. Raises OperationFailed."""
        config = Config(read_timeout=FUNCTION_SECONDS, retries={"total_max_attempts": 1})
        return self._client("lambda", self.lambda_url, config)

    def _client(self, service: str, url: str | None, config: Config) -> Any:
        with told(f"no client for {service}"):
            session = botocore.session.Session()
            own = url == self.dynamodb_url != self.engine_url and session.get_credentials()
            if self.engine_url and not own:
                session.set_credentials("test", "test")  # the laptop asks for none
            return session.create_client(
                service, region_name=self.region, endpoint_url=url, config=config
            )


def add_choice(parser: ArgumentParser) -> None:
    """Let the user of a command say which deployment it is for."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--stack", metavar="NAME", help="a stack on AWS, by its name")
    which.add_argument(
        "--local", action="store_true", help="the gateway that runs in DATA_DIR; the default"
    )


def chosen(options: Namespace, environ: Mapping[str, str] = os.environ) -> Deployment:
    """The deployment that was said. Raises OperationFailed where it is not there."""
    if options.stack:
        return of_stack(options.stack)
    return of_gateway(Path(environ.get("DATA_DIR") or ".parley"))


def of_stack(name: str) -> Deployment:
    """A stack by its outputs, in the SDK's own region. Raises OperationFailed."""
    # Every other SDK, and version 2 of the CLI, reads it; Python's reads AWS_DEFAULT_REGION alone.
    region = os.environ.get("AWS_REGION") or None
    with told(f"stack {name}"):
        session = botocore.session.Session()
        cloudformation: Any = session.create_client("cloudformation", region_name=region)
        try:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            where = cloudformation.meta.region_name
            raise OperationFailed(f"there is no stack {name} in {where}") from None
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
    try:
        return Deployment(
            outputs["ConnectionsTableName"],
            outputs["SessionsTableName"],
            outputs["ConnectionsEndpoint"],
            push_queue=outputs.get("PushQueueUrl", ""),
            user_data_function=outputs.get("UserDataFunctionName", ""),
            broadcast_queue=outputs.get("BroadcastQueueUrl", ""),
            region=cloudformation.meta.region_name,
        )
    except KeyError as missing:
        raise OperationFailed(f"stack {name} is no Parley: it has no output {missing}") from None


def of_gateway(data_dir: Path) -> Deployment:
    """The gateway that runs in a DATA_DIR. Raises OperationFailed where none does."""
    none = OperationFailed(
        f"no gateway runs in {data_dir}: start it by `make run`, or name a stack"
    )
    try:
        said = json.loads((data_dir / NOTICE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise none from None
    except OSError as error:
        raise OperationFailed(f"{data_dir / NOTICE}: {error.strerror}") from None
    if not _listens(said["engine"]):
        raise none  # it was killed, and could not take its notice away
    return Deployment(
        said["tables"]["ConnectionsTable"],
        said["tables"]["SessionsTable"],
        said["connectionsEndpoint"],
        push_queue=said.get("pushQueue", ""),
        user_data_function=said.get("userDataFunction", ""),
        broadcast_queue=said.get("broadcastQueue", ""),
        region=said["region"],
        dynamodb_url=said["dynamodb"],
        engine_url=said["engine"],
        lambda_url=said.get("functions"),
    )


def _listens(url: str) -> bool:
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname or "", address.port or 80), timeout=2):
            return True
    except OSError:
        return False
