"""The way to the endpoint: OpenAI's official SDK, which is not installed unless you add it."""

from typing import Any

from bots.openai_compatible.settings import OpenAISettings

CONNECT_SECONDS = 3
SILENCE_SECONDS = 60
"""How long a model may say nothing: what thinks first may need that."""

MISSING = "the package openai is not installed: see 'An OpenAI-compatible endpoint' in docs/bots.md"


def make_client(endpoint: OpenAISettings, key: str) -> Any:
    """Make a client that never tries again by itself: only the bot knows what was said already.

    Raises ImportError where the SDK is missing.
    """
    try:
        import openai
    except ModuleNotFoundError as error:
        raise ImportError(MISSING) from error
    return openai.OpenAI(
        api_key=key,
        base_url=endpoint.base_url,
        timeout=openai.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
        max_retries=0,
    )
