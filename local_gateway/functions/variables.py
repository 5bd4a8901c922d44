"""The environment variables of a function, beside those that its template sets."""

import os
from collections.abc import Mapping

from local_gateway.functions.function import Function


def shared_variables(
    region: str, engine_url: str, gateway_url: str, stage: str, credentials: Mapping[str, str]
) -> dict[str, str]:
    """Return what every function gets: where AWS is, and nothing of the user's own AWS."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": engine_url,
        "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": f"{gateway_url}/{stage}",
        # The engine has the functions' settings; the gateway runs them.
        "AWS_ENDPOINT_URL_LAMBDA": gateway_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **credentials,
    }


def lambda_variables(function: Function) -> dict[str, str]:
    """Return what Lambda itself sets for a function."""
    return {
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"local/[$LATEST]{function.logical_id}",
        "LAMBDA_TASK_ROOT": str(function.code_dir),
        "_HANDLER": function.handler,
    }
