"""Which model of Bedrock's, and which guardrail, by environment variable."""

from dataclasses import dataclass

from bots.conversing.errors import WrongVariable
from bots.conversing.settings import Environment, given, read


@dataclass(frozen=True, slots=True)
class BedrockSettings:
    """`model` is the id or ARN of a model or inference profile; no `guardrail` where empty."""

    model: str
    guardrail: str = ""
    guardrail_version: str = "DRAFT"

    @classmethod
    def from_environment(cls, environment: Environment) -> "BedrockSettings":
        """Read all BEDROCK_ variables. Raises WrongVariable."""
        settings = cls(
            model=read(environment, "BEDROCK_MODEL", given),
            guardrail=read(environment, "BEDROCK_GUARDRAIL", str, ""),
            guardrail_version=read(environment, "BEDROCK_GUARDRAIL_VERSION", str, "DRAFT"),
        )
        if settings.guardrail and not settings.guardrail_version:
            raise WrongVariable("BEDROCK_GUARDRAIL_VERSION: must not be empty")
        return settings
