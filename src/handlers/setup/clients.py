"""The clients of AWS's services, each with its patience. Imports stand inside: see composition."""

from functools import cache
from typing import Any

POOL_CONNECTIONS = 64
"""What a push needs at most: 8 lanes, of which each sends to 8 connections at once. Those that a
pool has no room for would be closed after each request, and opened anew for the next."""


def dynamodb() -> Any:
    """DynamoDB."""
    # A retried write that had been applied is told by its owner, so retrying is safe.
    return retrying("dynamodb")


def retrying(service: str) -> Any:
    """A service whose requests may be sent again."""
    from botocore.config import Config

    config = Config(
        connect_timeout=2,
        read_timeout=4,
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=POOL_CONNECTIONS,
    )
    return _new(service, config=config)


def management_api(endpoint: str) -> Any:
    """@connections."""
    from botocore.config import Config

    # No retries here: a frame whose answer was lost would be sent twice.
    config = Config(
        connect_timeout=2,
        read_timeout=3,
        retries={"total_max_attempts": 1},
        max_pool_connections=POOL_CONNECTIONS,
    )
    return _new("apigatewaymanagementapi", config=config, endpoint_url=endpoint)


def _new(service: str, **options: Any) -> Any:
    return _session().create_client(service, **options)


@cache
def _session() -> Any:
    # botocore, not boto3: the same clients without the resource layer's import time. One session:
    # what it has read of its files (a third of a client's cost) serves every client.
    import botocore.session

    return botocore.session.get_session()
