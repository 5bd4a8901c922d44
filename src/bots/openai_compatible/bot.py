"""The bot."""

from bots.conversing.bot import ModelBot
from bots.conversing.prompts import Model
from bots.conversing.settings import Environment, ModelSettings
from bots.openai_compatible.settings import OpenAISettings


class OpenAICompatible(ModelBot):
    """Answers by a model behind an endpoint like OpenAI's (docs/bots.md)."""

    variable = "OPENAI_MODEL"

    def model(self, settings: ModelSettings, environment: Environment) -> Model:
        """See `ModelBot`. Raises ImportError where the SDK is not installed."""
        endpoint = OpenAISettings.from_environment(environment)
        # Imported where a model is asked: the message function asks none.
        from bots.openai_compatible.client import make_client
        from bots.openai_compatible.key import read_key

        client = make_client(endpoint, read_key(endpoint.key_arn))
        from bots.openai_compatible.completions import Completions

        return Completions(client, endpoint, settings.inference)
