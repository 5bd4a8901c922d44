"""A function that answers as it is told, and queues that remember what they were sent."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local_gateway.asynchronous.destinations import Undeliverable
from local_gateway.functions.function import AsyncSettings, Function
from local_gateway.functions.terms import AT_EASE, Terms

PATIENCE_SECONDS = 60
"""How long to wait for what must come: the machine may be busy."""


def a_function(**settings: Any) -> Function:
    """A function called `job`, with settings for its asynchronous events."""
    return Function(
        name="job",
        logical_id="JobFunction",
        arn="arn:aws:lambda:us-east-1:000000000000:function:job",
        handler="job.handler",
        code_dir=Path(),
        timeout=900,
        asynchronous=AsyncSettings(**settings),
        qualifiers=frozenset({"$LATEST", "live"}),
    )


class FakeRuns:
    """Runs one function, which answers in turn as it was told, and then with null."""

    def __init__(self, function: Function, outcomes: Sequence[Any] = ()) -> None:
        self.function = function
        self.outcomes = list(outcomes)
        self.events: list[Any] = []
        self.request_ids: list[str] = []
        self.terms: list[Terms] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._came = asyncio.Condition()

    def find(self, name: str) -> Function | None:
        """Return the function, if it is meant."""
        return self.function if name == self.function.name else None

    async def run(self, function: str, event: bytes, terms: Terms = AT_EASE) -> bytes:
        """Answer with the next outcome, once the gate is open."""
        async with self._came:
            self.events.append(json.loads(event))
            self.request_ids.append(terms.request_id)
            self.terms.append(terms)
            self._came.notify_all()
        await self.gate.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return json.dumps(outcome).encode()

    async def came(self, number: int) -> None:
        """Return once so many runs have begun."""
        async with self._came, asyncio.timeout(PATIENCE_SECONDS):
            await self._came.wait_for(lambda: len(self.events) >= number)


class FakeQueues:
    """Remembers what was sent: ARN, content, attributes."""

    def __init__(self, broken: bool = False) -> None:
        self.sent: list[tuple[str, Any, dict[str, str]]] = []
        self._broken = broken

    async def send(self, arn: str, content: str, attributes: Any = None) -> None:
        """Take a message."""
        if self._broken:
            raise Undeliverable("there is no such queue")
        values = {name: each["StringValue"] for name, each in (attributes or {}).items()}
        self.sent.append((arn, json.loads(content), values))
