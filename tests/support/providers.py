"""A provider of language models, as the tests that run on each of them see it."""

from typing import Protocol

from bots.conversing.bot import ModelBot
from tests.support.model_server import Answer, Asked, ModelServer


class Provider(Protocol):
    """One provider: how its answers look on the wire, and how its requests are read."""

    bot: type[ModelBot]

    def environment(self, server: ModelServer) -> dict[str, str]:
        """The variables by which the bot finds the server."""
        ...

    def says(self, *pieces: str, used: tuple[int, int] = (10, 5)) -> Answer:
        """An answer of these pieces, that used so many tokens."""
        ...

    def wants(self, name: str, arguments: str, use_id: str = "use1", saying: str = "") -> Answer:
        """An answer that asks for a tool."""
        ...

    def refuses(self) -> Answer:
        """An answer that was filtered, without a word."""
        ...

    def throttles(self) -> Answer:
        """Too many requests."""
        ...

    def fails(self) -> Answer:
        """An error of the provider's."""
        ...

    def rejects(self) -> Answer:
        """The request is wrong; the error quotes SECRET."""
        ...

    def breaks_after(self, *pieces: str) -> Answer:
        """An error in mid-stream."""
        ...

    def cut_after(self, *pieces: str) -> Answer:
        """A connection that drops in mid-stream."""
        ...

    def held_after(self, *pieces: str) -> Answer:
        """A stream that stays open and says no more."""
        ...

    def lines(self, asked: Asked) -> list[tuple[str, str]]:
        """Who said what in a request: system, user, assistant, and tool for what a tool gave."""
        ...
