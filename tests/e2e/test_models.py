"""Language models through the whole product: the engine's Bedrock, and a local endpoint."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Client, Frame, Product
from tests.support.completions import CompletionsProvider
from tests.support.model_server import ModelServer


@pytest.fixture
def endpoint() -> Iterator[ModelServer]:
    running = ModelServer()
    yield running
    running.stop()


def talk(folder: Path, *parameters: str) -> list[Frame]:
    """Two messages to a product with this bot; their turns."""
    running = Product(folder, ["--no-reload", "--parameter-overrides", *parameters])

    async def scenario() -> list[Frame]:
        async with running.client() as client:
            return [await said(client, text) for text in ("hello", "and again")]

    running.start()
    try:
        return asyncio.run(scenario())
    finally:
        running.stop()


async def said(client: Client, text: str) -> Frame:
    await client.send(action="message", messageId=text, text=text)
    frame = await client.receive(type="turn", turn={"messageId": text, "status": "done"})
    turn: Frame = frame["turn"]
    return turn


def test_bedrock_answers_in_the_engines_words(tmp_path: Path) -> None:
    model = "anthropic.claude-3-haiku-20240307-v1:0"
    turns = talk(tmp_path, "BotClass=bots.bedrock:Bedrock", f"BedrockModel={model}")
    assert all(model in turn["reply"] for turn in turns)
    assert [turn["seq"] for turn in turns] == [1, 2]


def test_a_local_endpoint_answers_and_is_given_the_conversation(
    tmp_path: Path, endpoint: ModelServer
) -> None:
    pytest.importorskip("openai")
    provider = CompletionsProvider()
    endpoint.answers = [provider.says("Hel", "lo."), provider.throttles(), provider.says("Again.")]
    bot = "BotClass=bots.openai_compatible:OpenAICompatible"
    turns = talk(tmp_path, bot, "OpenAIModel=m", f"OpenAIBaseUrl={endpoint.url}/v1")
    assert [turn["reply"] for turn in turns] == ["Hello.", "Again."]
    assert provider.lines(endpoint.asked[-1]) == [
        ("user", "hello"),
        ("assistant", "Hello."),
        ("user", "and again"),
    ]
