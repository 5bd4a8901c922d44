"""A bot on Amazon Bedrock."""

from bots.bedrock.bot import Bedrock

__all__ = ["Bedrock"]
