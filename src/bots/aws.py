"""The way to AWS: the one place of the bots that makes clients of its SDK."""

from typing import Any

CONNECT_SECONDS = 3
SILENCE_SECONDS = 60
"""How long a model may say nothing: what thinks first may need that."""


def make_client(service: str) -> Any:
    """Make a client that never tries again by itself: only the bot knows what was said already."""
    import botocore.session
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=SILENCE_SECONDS,
        retries={"total_max_attempts": 1},
    )
    return botocore.session.get_session().create_client(service, config=config)
