"""CloudFormation's one stack on the engine."""

import json
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local_gateway.aws import Endpoint

STACK = "parley"
_DEPLOY_SECONDS = 120.0
# States that allow no update and hold nothing worth keeping.
_NEVER_STOOD = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED")


class StackFailed(Exception):
    """The stack could not be brought to what the template says; its text fits one line."""


class CloudFormation:
    """Creates or updates the stack, and tells what it is made of."""

    def __init__(self, engine: Endpoint) -> None:
        self._client: Any = engine.client("cloudformation")

    def deploy(self, template_url: str, parameters: Mapping[str, str]) -> None:
        """Bring the stack to the template that lies there, and wait for it; raise StackFailed with
        the reason."""
        request = {
            "StackName": STACK,
            "TemplateURL": template_url,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
        }
        try:
            self._submit(request)
            status = self._settled()
            if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                raise StackFailed(self._reason() or f"the stack is {status}")
        except ClientError as failure:
            raise StackFailed(_said(failure)) from None

    def template(self) -> Mapping[str, Any]:
        """Return the document deployed last; an empty one where there is no stack."""
        try:
            body = self._client.get_template(StackName=STACK)["TemplateBody"]
        except ClientError:
            return {}
        document: Mapping[str, Any] = json.loads(body) if isinstance(body, str) else body
        return document

    def physical_ids(self) -> dict[str, str]:
        """Return the physical id of each resource by its logical id."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=STACK)
        return {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
            for page in pages
            for resource in page["StackResourceSummaries"]
        }

    def outputs(self) -> dict[str, str]:
        """Return the value of each output by its name."""
        stack = self._client.describe_stacks(StackName=STACK)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}

    def _submit(self, request: Mapping[str, Any]) -> None:
        status = self._status()
        if status in _NEVER_STOOD:
            self._client.delete_stack(StackName=STACK)
            self._settled()
            status = None
        if status is None:
            self._client.create_stack(**request)
            return
        try:
            self._client.update_stack(**request)
        except ClientError as failure:
            if "No updates are to be performed" not in _said(failure):
                raise

    def _status(self) -> str | None:
        try:
            stacks = self._client.describe_stacks(StackName=STACK)["Stacks"]
        except ClientError:
            return None
        status = str(stacks[0]["StackStatus"])
        return None if status == "DELETE_COMPLETE" else status

    def _settled(self) -> str | None:
        deadline = time.monotonic() + _DEPLOY_SECONDS
        while (status := self._status()) and status.endswith("IN_PROGRESS"):
            if time.monotonic() > deadline:
                raise StackFailed(f"the stack is still {status}")
            time.sleep(0.05)
        return status

    def _reason(self) -> str:
        """Return the first failure of the last operation, which the others follow from."""
        events = self._client.describe_stack_events(StackName=STACK)["StackEvents"]
        reason = ""
        for event in events:  # the newest first
            status = event.get("ResourceStatus", "")
            if status.endswith("_FAILED") and event.get("ResourceStatusReason"):
                reason = f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
            own = event.get("ResourceType") == "AWS::CloudFormation::Stack"
            if own and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
                break
        return " ".join(reason.split())


def _said(failure: ClientError) -> str:
    return " ".join(str(failure.response.get("Error", {}).get("Message", failure)).split())
