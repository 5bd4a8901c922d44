"""Functions' dead-letter queues: MiniStack's CloudFormation passes over them."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from local_gateway.aws import Endpoint
from local_gateway.deployment.stack import Stack
from local_gateway.deployment.template import FUNCTION_TYPES

log = logging.getLogger("local_gateway")


def set_dead_letters(engine: Endpoint, stack: Stack) -> None:
    """Give each function the dead-letter queue that its template names."""
    client = engine.client("lambda")
    for logical_id, target in _targets(stack):
        name = stack.physical.get(logical_id)
        if not name:
            continue  # a Condition left it out
        arn = _arn(engine, stack, target)
        if arn is None:
            log.warning("The dead-letter queue of %s is not understood and not used", logical_id)
            continue
        found = client.get_function_configuration(FunctionName=name).get("DeadLetterConfig") or {}
        if found.get("TargetArn", "") != arn:
            client.update_function_configuration(
                FunctionName=name, DeadLetterConfig={"TargetArn": arn}
            )


def _targets(stack: Stack) -> Iterator[tuple[str, Any]]:
    """Yield each function with its target as the template writes it, empty for none."""
    document = stack.template.document
    shared = ((document.get("Globals") or {}).get("Function") or {}).get("DeadLetterQueue")
    for kind in FUNCTION_TYPES:
        for logical_id, resource in stack.template.resources(kind):
            own = resource.get("Properties") or {}
            queue = own.get("DeadLetterQueue") or own.get("DeadLetterConfig") or shared or {}
            yield logical_id, queue.get("TargetArn", "")


def _arn(engine: Endpoint, stack: Stack, target: Any) -> str | None:
    """Return the ARN that a target comes to; None for what is neither text nor a queue's."""
    if isinstance(target, str):
        return target
    attribute = target.get("Fn::GetAtt") if isinstance(target, Mapping) else None
    if not isinstance(attribute, list) or attribute[1:] != ["Arn"]:
        return None
    if attribute[0] not in dict(stack.template.resources("AWS::SQS::Queue")):
        return None
    found = engine.client("sqs").get_queue_attributes(
        QueueUrl=stack.physical[attribute[0]], AttributeNames=["QueueArn"]
    )
    return str(found["Attributes"]["QueueArn"])
