"""What is said of an event at its end: on the log, to its dead-letter queue and destinations."""

import json
import logging
from collections.abc import Mapping
from typing import Any, Protocol

from local_gateway.asynchronous.destinations import Undeliverable
from local_gateway.asynchronous.event import SUCCESS, QueuedEvent
from local_gateway.asynchronous.records import dead_letter_attributes, destination_record
from local_gateway.clock import Clock
from local_gateway.functions.function import Function

log = logging.getLogger("local_gateway")


class Sends(Protocol):
    """The way to the queues that functions name."""

    async def send(
        self, arn: str, content: str, attributes: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """Send one message; raise Undeliverable where it cannot be."""


class Reports:
    """Tells how events ended, to whom their functions' settings say."""

    def __init__(self, sender: Sends, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock

    async def succeeded(self, function: Function, event: QueuedEvent, answer: bytes) -> None:
        """Tell that the last attempt succeeded."""
        arn = function.asynchronous.on_success
        if arn:
            await self._send(arn, self._record(function, event, SUCCESS, json.loads(answer)))

    async def given_up(self, function: Function, event: QueuedEvent, why: str) -> None:
        """Tell that an event is given up, for a reason in Lambda's words."""
        settings = function.asynchronous
        log.error(
            "%s: an event is given up (%s, attempts: %d)", function.logical_id, why, event.attempts
        )
        if settings.dead_letters:
            await self._send(settings.dead_letters, event.body, dead_letter_attributes(event))
        if settings.on_failure:
            record = self._record(function, event, why, event.failure)
            await self._send(settings.on_failure, record)

    def _record(self, function: Function, event: QueuedEvent, condition: str, answer: Any) -> str:
        now = self._clock.now()
        return json.dumps(destination_record(event, function.arn, condition, answer, now))

    async def _send(
        self, arn: str, content: str, attributes: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        try:
            await self._sender.send(arn, content, attributes)
        except Undeliverable as failure:
            # As on AWS, where a metric counts it and the event is gone.
            log.error("A record of an event is lost: %s", failure)
