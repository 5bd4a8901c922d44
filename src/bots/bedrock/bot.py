"""The bot."""

from bots.bedrock.settings import BedrockSettings
from bots.conversing.bot import ModelBot
from bots.conversing.prompts import Model
from bots.conversing.settings import Environment, ModelSettings


class Bedrock(ModelBot):
    """Answers by a model of Amazon Bedrock (docs/bots.md)."""

    variable = "BEDROCK_MODEL"

    def model(self, settings: ModelSettings, environment: Environment) -> Model:
        """See `ModelBot`."""
        # Imported where a model is asked: the message function asks none.
        from bots.aws import make_client
        from bots.bedrock.converse import Converse

        bedrock = BedrockSettings.from_environment(environment)
        return Converse(make_client("bedrock-runtime"), bedrock, settings.inference)
