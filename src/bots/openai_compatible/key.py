"""The endpoint's key, from Secrets Manager or from SSM's Parameter Store."""

import json
from typing import Any

from bots.aws import make_client
from bots.conversing.errors import WrongVariable

NO_KEY = "none"
"""What an endpoint is given that asks for no key: the SDK insists on one."""


def read_key(arn: str) -> str:
    """Read the key that the ARN names. Raises WrongVariable where it cannot be read."""
    if not arn:
        return NO_KEY
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        text = _from_ssm(arn) if arn.split(":")[2] == "ssm" else _from_secrets_manager(arn)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise WrongVariable(f"OPENAI_KEY_ARN: cannot be read: {code}") from None
    except BotoCoreError as error:
        raise WrongVariable(f"OPENAI_KEY_ARN: cannot be read: {type(error).__name__}") from None
    return _key_in(text)


def _from_ssm(arn: str) -> str:
    answer: dict[str, Any] = make_client("ssm").get_parameter(Name=arn, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


def _from_secrets_manager(arn: str) -> str:
    answer: dict[str, Any] = make_client("secretsmanager").get_secret_value(SecretId=arn)
    return str(answer.get("SecretString", ""))


def _key_in(text: str) -> str:
    """The secret itself, or the one value of a JSON object, as the AWS console makes them."""
    try:
        read = json.loads(text)
    except ValueError:
        read = text
    values = list(read.values()) if isinstance(read, dict) else [text]
    if len(values) != 1 or not isinstance(values[0], str) or not values[0].strip():
        raise WrongVariable("OPENAI_KEY_ARN: must hold one key, plain or as a JSON object's value")
    return values[0].strip()
