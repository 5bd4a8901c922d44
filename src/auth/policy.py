"""The authorizer's answer to API Gateway.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
"""

from typing import Any

from auth.principal import Principal


def allow(principal: Principal, method_arn: str) -> dict[str, Any]:
    """Let the principal use every route of the stage.

    The context comes with every later event of the connection, as strings.
    """
    context = {"userId": principal.user_id, "kind": str(principal.kind)}
    if principal.expires_at is not None:
        context["expiresAt"] = str(principal.expires_at)
    return {**_policy("Allow", method_arn, principal.user_id), "context": context}


def deny(method_arn: str) -> dict[str, Any]:
    """Let nobody in: API Gateway answers the handshake with 403."""
    return _policy("Deny", method_arn, "nobody")


def _policy(effect: str, method_arn: str, principal_id: str) -> dict[str, Any]:
    # A policy on stage/*/* does not match $connect (aws-powertools/powertools-lambda-python#5800).
    api, stage, *_ = method_arn.split("/")
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api}/{stage}/*"}
    return {
        "principalId": principal_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
