"""The ground that turns are measured on: the embedded engine with nothing in it but the tables."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import botocore.session
from samtranslator.yaml_helper import yaml_parse

from benchmarks.turn_cost_meter import Meter
from benchmarks.turn_cost_posts import Posts
from handlers.setup import clients
from local_gateway.engine.engine import Engine

REGION = "us-east-1"
TEMPLATE = Path(__file__).parents[1] / "template.yaml"
CREATED_WITH = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
CONNECTIONS, SESSIONS = "ConnectionsTable", "SessionsTable"


@dataclass(frozen=True, slots=True)
class Ground:
    """What listens to every AWS client made on this ground."""

    meter: Meter = field(default_factory=Meter)
    posts: Posts = field(default_factory=Posts)


@contextmanager
def ground() -> Iterator[Ground]:
    """Run an engine that has Parley's tables, for all AWS clients that are made meanwhile."""
    made = Ground()
    with (
        _engine() as endpoint,
        _environment(endpoint),
        made.meter.attached(),
        made.posts.attached(),
        _own_session(),
    ):
        resources = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
        for name in (CONNECTIONS, SESSIONS):
            described = resources[name]["Properties"]
            create_table(name, **{key: described[key] for key in CREATED_WITH if key in described})
        yield made


def dynamodb() -> Any:
    """A client of the engine."""
    return botocore.session.get_session().create_client("dynamodb")


def create_table(name: str, **described: Any) -> None:
    """Make a table, ready for use."""
    dynamodb().create_table(TableName=name, **described)


@contextmanager
def _engine() -> Iterator[str]:
    with TemporaryDirectory() as state, asyncio.Runner() as runner:
        engine = Engine(Path(state), REGION)
        runner.run(engine.start())
        try:
            yield engine.url
        finally:
            runner.run(engine.stop())


@contextmanager
def _environment(endpoint: str) -> Iterator[None]:
    """What Lambda and template.yaml would give a function beyond its settings."""
    variables = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "POWERTOOLS_METRICS_NAMESPACE": "Parley",
        # A logger's level is kept by this name, for good: other tests must not meet it.
        "POWERTOOLS_SERVICE_NAME": "parley-turn-cost",
        "LOG_LEVEL": "CRITICAL",
    }
    with mock.patch.dict(os.environ, variables):
        yield


@contextmanager
def _own_session() -> Iterator[None]:
    """The functions keep one AWS session a process; here it must be one that is listened to."""
    clients._session.cache_clear()
    try:
        yield
    finally:
        clients._session.cache_clear()
