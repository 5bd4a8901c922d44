"""One request, found again by one id: through the authorizer, connect, message and reply."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product

TALKER = ("--no-reload", "--parameter-overrides", "BotClass=bots.talker:Talker")
Line = dict[str, Any]


def lines(product: Product) -> list[Line]:
    """What the functions have logged and measured: one object a line."""
    said = [path.read_text() for path in sorted((product.data_dir / "logs").iterdir())]
    found = [line for text in said for line in text.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in found]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Line], str]:
    """All that was logged of one conversation, and the id that a client was shown."""
    folder: Path = tmp_path_factory.mktemp("seeing")
    product = Product(folder, TALKER)
    product.start()

    async def converse() -> str:
        async with product.client() as client:
            await client.send(action="message", messageId="m1", text="3 words")
            await client.receive(type="turn", turn={"messageId": "m1", "status": "done"})
            error = await client.ask("error", action="nonsense")
            return str(error["correlationId"])

    shown = asyncio.run(converse())
    assert product.stop() == 0
    return lines(product), shown


def the(logged: list[Line], message: str, **facts: Any) -> Line:
    """The one line that says so."""
    (line,) = [
        each for each in logged if each.get("message") == message and facts.items() <= each.items()
    ]
    return line


def test_what_a_client_is_shown_leads_to_its_line_in_the_log(seen: tuple[list[Line], str]) -> None:
    logged, shown = seen
    assert the(logged, "answered", code="unknown_action")["correlation_id"] == shown


def test_a_message_and_its_reply_are_found_by_one_id(seen: tuple[list[Line], str]) -> None:
    logged, _ = seen
    asked = the(logged, "answered", action="message")
    assert asked["correlation_id"]
    assert the(logged, "replied")["correlation_id"] == asked["correlation_id"]


def test_no_line_is_without_an_id(seen: tuple[list[Line], str]) -> None:
    logged, _ = seen
    told = [line for line in logged if "level" in line]
    assert {"admitted", "connected", "disconnected"} <= {line["message"] for line in told}
    assert [line for line in told if not line.get("correlation_id")] == []


def test_what_was_measured_is_named_by_the_stack(seen: tuple[list[Line], str]) -> None:
    logged, _ = seen
    measured = [line for line in logged if "_aws" in line]
    assert {"TurnTime", "FirstWordTime", "Connected"} <= set[str]().union(*measured)
    assert {line["service"] for line in measured} == {"parley"}
