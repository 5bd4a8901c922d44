"""A bot on any endpoint that speaks OpenAI's chat completions."""

from bots.openai_compatible.bot import OpenAICompatible

__all__ = ["OpenAICompatible"]
