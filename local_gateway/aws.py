"""The engine and another DynamoDB, kept apart from the user's own AWS settings."""

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config

from local_gateway.errors import StartupError

DEFAULT_REGION = "us-east-1"
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True)
class Endpoint:
    """Where an AWS, or a part of one, answers, and in which region."""

    url: str
    region: str

    def client(self, service: str, **options: Any) -> Any:
        """Return a botocore client with dummy credentials, whatever the environment says."""
        return _session().create_client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            # One attempt: the engine is next door, and a silent repeat would hide what went wrong.
            config=Config(retries={"total_max_attempts": 1}, **options),
        )

    def own_client(self, service: str) -> Any:
        """Return a client for a server of the user's, with the user's credentials if any."""
        session = botocore.session.Session()
        if session.get_credentials() is None:
            session.set_credentials("test", "test")
        return session.create_client(service, region_name=self.region, endpoint_url=self.url)


def credentials(environ: Mapping[str, str], own: bool) -> dict[str, str]:
    """Return the credentials that functions get: dummies, unless the DynamoDB is the user's own."""
    found = {name: environ[name] for name in _CREDENTIALS if environ.get(name)}
    if own and "AWS_ACCESS_KEY_ID" in found:
        return found
    return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def region(environ: Mapping[str, str], own: bool) -> str:
    """Return the region: fixed, so that tables are found again; the user's for their DynamoDB."""
    chosen = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    return chosen if own and chosen else DEFAULT_REGION


def other_endpoint(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of another DynamoDB, where AWS_ENDPOINT_URL names one.

    Raises StartupError where it is no address.
    """
    named = environ.get("AWS_ENDPOINT_URL", "").strip()
    try:
        read = urlsplit(named)
        usable = read.scheme in ("http", "https") and read.hostname and read.port != 0
    except ValueError:  # a port out of range, a bracket too few
        usable = False
    if named and not usable:
        raise StartupError(f"AWS_ENDPOINT_URL {named!r} is not an http or https address")
    return named or None


@functools.cache
def _session() -> botocore.session.Session:
    # One for all: what a session reads first, the list of all endpoints, is large.
    session = botocore.session.Session()
    session.set_credentials("test", "test")
    return session
