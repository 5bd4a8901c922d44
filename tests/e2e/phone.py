"""A device with an outbox, on a network that breaks: what docs/protocol.md asks of a client."""

import asyncio
import random
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from tests.e2e.product import Client, Frame

LOST = (TimeoutError, OSError, aiohttp.ClientError)


class Connects(Protocol):
    """Whatever clients connect to."""

    def client(self, user: str) -> AbstractAsyncContextManager[Client]:
        """A connected client of a guest."""
        ...


@dataclass
class Phone:
    """Keeps its messages until their turns came, and what it shows by `seq`.

    `tears` is how likely its connection breaks right after it has spoken; it waits for an answer
    `patience` seconds long.
    """

    backend: Connects
    user: str
    outbox: list[str]
    chance: random.Random
    at_once: int = 4
    tears: float = 0.1
    patience: float = 1.5
    connections: int = 0
    shown: dict[int, Frame] = field(default_factory=dict)
    _sent_after: dict[str, int] = field(default_factory=dict)

    async def talk(self) -> None:
        """Say everything, over as many connections as it takes."""
        while self.outbox:
            try:
                async with self.backend.client(self.user) as client:
                    await self._converse(client)
            except LOST:
                await asyncio.sleep(self.chance.uniform(0, 0.1))

    async def catch_up(self) -> None:
        """Resume until an answer comes."""
        while True:
            try:
                async with self.backend.client(self.user) as client:
                    return self.show(await self._resume(client))
            except LOST:
                await asyncio.sleep(self.chance.uniform(0, 0.1))

    def show(self, turns: list[Frame]) -> None:
        """Take turns; there are no two of one `seq`."""
        for turn in turns:
            assert self.shown.setdefault(turn["seq"], turn) == turn, "two turns of one seq"
            if turn["messageId"] in self.outbox:
                self.outbox.remove(turn["messageId"])

    def holds(self, said: list[str]) -> None:
        """What it shows is one gapless conversation of these messages, each once.

        The echo counts in its state, so each turn was made from the turn before it.
        """
        shown = [self.shown[seq] for seq in sorted(self.shown)]
        assert [turn["seq"] for turn in shown] == list(range(1, len(said) + 1))
        assert sorted(turn["text"] for turn in shown) == sorted(said)
        assert [turn["reply"].rpartition("(")[2] for turn in shown] == [
            f"{count})" for count in range(1, len(said) + 1)
        ]

    async def _converse(self, client: Client) -> None:
        self.connections += 1
        self.show(await self._resume(client))
        while self.outbox:
            batch = self.outbox[: self.at_once]
            for each in batch:
                after = self._sent_after.setdefault(each, self._contiguous())
                await client.send(action="message", messageId=each, text=each, after=after)
            if self.chance.random() < self.tears:
                return client.tear()
            async with asyncio.timeout(self.patience):
                for each in batch:
                    self.show([await client.turn(each)])

    async def _resume(self, client: Client) -> list[Frame]:
        async with asyncio.timeout(self.patience):
            return await client.log(after=self._contiguous())

    def _contiguous(self) -> int:
        seq = 0
        while seq + 1 in self.shown:
            seq += 1
        return seq
