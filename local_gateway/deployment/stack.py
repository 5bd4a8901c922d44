"""Deploy the template to the engine through CloudFormation, keeping the tables and their rows."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local_gateway.aws import Endpoint
from local_gateway.deployment.cloudformation import CloudFormation, StackFailed
from local_gateway.deployment.keys import refuse_changed_keys
from local_gateway.deployment.template import CODE_BUCKET, CODE_KEY, TEMPLATE_KEY, Template
from local_gateway.errors import StartupError


@dataclass(frozen=True)
class Stack:
    """A deployed stack: physical ids by logical id, outputs, and the template that made it."""

    template: Template
    physical: Mapping[str, str]
    outputs: Mapping[str, str]


def deploy_stack(engine: Endpoint, template: Template, parameters: Mapping[str, str]) -> Stack:
    """Create or update the stack and wait for it; raise StartupError with the reason it failed."""
    template_url = _upload(engine, template.document)
    cloudformation = CloudFormation(engine)
    refuse_changed_keys(cloudformation.template(), template)
    try:
        cloudformation.deploy(template_url, parameters)
    except StackFailed as failure:
        raise StartupError(f"{template.path}: {failure}") from None
    return Stack(template, cloudformation.physical_ids(), cloudformation.outputs())


def _upload(engine: Endpoint, document: Mapping[str, Any]) -> str:
    """Put package and template where the engine finds them; the template's address."""
    # The engine wants a package, yet never runs it: the gateway's own workers run the code. It
    # is the same bytes every time, so that a change of code is no change of the stack.
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(zipfile.ZipInfo("stub.py"), "")
    s3 = engine.client("s3")
    try:
        s3.create_bucket(Bucket=CODE_BUCKET)
    except ClientError as failure:
        if "BucketAlready" not in failure.response.get("Error", {}).get("Code", ""):
            raise
    s3.put_object(Bucket=CODE_BUCKET, Key=CODE_KEY, Body=package.getvalue())
    body = json.dumps(document, default=str).encode()
    s3.put_object(Bucket=CODE_BUCKET, Key=TEMPLATE_KEY, Body=body)
    return f"{engine.url}/{CODE_BUCKET}/{TEMPLATE_KEY}"
