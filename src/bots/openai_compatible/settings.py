"""Which endpoint, which model, and where its key lies, by environment variable."""

from dataclasses import dataclass

from bots.conversing.errors import WrongVariable
from bots.conversing.settings import Environment, given, read

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class OpenAISettings:
    """`key_arn` names a secret or a parameter; empty for an endpoint that asks for no key."""

    model: str
    base_url: str = OPENAI
    key_arn: str = ""

    @classmethod
    def from_environment(cls, environment: Environment) -> "OpenAISettings":
        """Read all OPENAI_ variables. Raises WrongVariable."""
        settings = cls(
            model=read(environment, "OPENAI_MODEL", given),
            base_url=read(environment, "OPENAI_BASE_URL", _url, OPENAI),
            key_arn=read(environment, "OPENAI_KEY_ARN", _arn, ""),
        )
        if settings.base_url == OPENAI and not settings.key_arn:
            raise WrongVariable("OPENAI_KEY_ARN: must be set, for api.openai.com asks for a key")
        return settings

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI itself, which names some things otherwise by now."""
        return self.base_url == OPENAI


def _url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text.rstrip("/") or OPENAI


def _arn(text: str) -> str:
    service = text.split(":")[2:3]
    if text and (not text.startswith("arn:") or service not in (["secretsmanager"], ["ssm"])):
        raise ValueError("must be the ARN of a secret or of a parameter")
    return text
