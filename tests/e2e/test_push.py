"""What backends push, through the queue of the product as it runs."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from auth.guests import guest
from operations.deployment import Deployment, of_gateway
from operations.publisher import Publisher, PushMessage
from tests.e2e.product import Product
from tests.support.engine import new_client
from tests.support.template import ROOT


@cache
def deployment(product: Product) -> Deployment:
    """Where everything of it is."""
    return of_gateway(product.data_dir)


@cache
def publisher(product: Product) -> Publisher:
    """A backend's way in."""
    found = deployment(product)
    return Publisher(found.push_queue, found.sqs())


def dead_letters(product: Product) -> list[tuple[str, str]]:
    """What was put aside since it was last asked, with the reasons."""
    sqs = deployment(product).sqs()
    (url,) = (
        each for each in sqs.list_queues()["QueueUrls"] if "PushDeadLetters" in each.split("/")[-1]
    )
    found = []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages"):
        for message in messages:
            reason = message["MessageAttributes"]["reason"]["StringValue"]
            found.append((message["Body"], reason))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_a_push_reaches_every_device_and_waits_for_who_is_away(product: Product) -> None:
    async def scenario() -> None:
        user, away = str(uuid.uuid4()), str(uuid.uuid4())
        async with product.client(user) as phone, product.client(user) as laptop:
            door = publisher(product)
            await phone.say("hello")
            told = [
                PushMessage(user_id=guest(each).user_id, text=str(n), content={"n": n})
                for n in range(20)
                for each in (user, away)
            ]
            await asyncio.to_thread(door.push_all, told)
            for device in (phone, laptop):
                for n in range(20):
                    frame = await device.receive(type="turn", turn={"reply": str(n)})
                    assert (frame["turn"]["seq"], frame["turn"]["content"]) == (n + 2, {"n": n})
            assert (await phone.say("again"))["reply"].endswith("(2)"), "the bot remembers"
        async with product.client(away) as back:
            listed = await back.ask("conversations", action="conversations")
            (entry,) = listed["conversations"]
            assert (entry["head"], entry["read"]) == (20, 0)
            turns = await back.log()
            assert [turn["reply"] for turn in turns] == [str(n) for n in range(20)]
            assert {turn["author"] for turn in turns} == {"backend"}

    asyncio.run(scenario())


def test_poison_is_put_aside_with_its_reason_and_what_follows_is_told(product: Product) -> None:
    async def scenario() -> None:
        user = str(uuid.uuid4())
        door = publisher(product)
        async with product.client(user) as client:
            user_id = guest(user).user_id
            for text in ("one", "", "two"):
                await asyncio.to_thread(door.push, user_id, text)
            for text in ("one", "two"):
                await client.receive(type="turn", turn={"reply": text})
        ((body, reason),) = [each for each in dead_letters(product) if user_id in each[0]]
        assert json.loads(body)["text"] == ""
        assert reason.startswith("bad_request: text")

    asyncio.run(scenario())


def test_what_is_ephemeral_is_told_and_not_kept(product: Product) -> None:
    async def scenario() -> None:
        user = str(uuid.uuid4())
        async with product.client(user) as client:
            await client.say("hello")
            fields: dict[str, Any] = {"content": {"typing": True}, "ephemeral": True}
            door = publisher(product)
            name = await asyncio.to_thread(lambda: door.push(guest(user).user_id, **fields))
            frame = await client.receive(type="event")
            assert (frame["id"], frame["content"]) == (name, {"typing": True})
            assert len(await client.log()) == 1

    asyncio.run(scenario())


def test_the_function_answers_who_invokes_it(product: Product) -> None:
    functions = new_client("lambda", endpoint_url=product.url)
    known = new_client("lambda", endpoint_url=deployment(product).engine_url).list_functions()
    names = [each["FunctionName"] for each in known["Functions"]]
    (name,) = (each for each in names if "PushFunction" in each)
    user_id = guest(str(uuid.uuid4())).user_id

    def invoke(**message: Any) -> dict[str, Any]:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(message))
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        return found

    first = invoke(userId=user_id, id="p1", text="hello")
    assert (first["seq"], first["fresh"], first["reached"]) == (1, True, 0)
    assert invoke(userId=user_id, id="p1", text="hello") == {**first, "fresh": False}
    refused = invoke(userId=user_id, text="hello")
    assert refused["errorType"] == "BadRequest"
    assert refused["errorMessage"].startswith("id: ")


def test_an_operator_pushes_by_the_command(product: Product) -> None:
    async def scenario() -> None:
        user = str(uuid.uuid4())
        async with product.client(user) as client:
            done = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-m", "operations.push", guest(user).user_id, "by hand"],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": "src:.", "DATA_DIR": str(product.data_dir)},
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert (done.returncode, done.stderr) == (0, "")
            turn = (await client.receive(type="turn"))["turn"]
            assert (turn["reply"], turn["author"]) == ("by hand", "backend")
            assert done.stdout == f"pushed as {turn['messageId']}\n"

    asyncio.run(scenario())


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product whose bot takes its time."""
    running = Product(
        tmp_path_factory.mktemp("talking"),
        ["--no-reload", "--parameter-overrides", "BotClass=bots.talker:Talker"],
    )
    running.start()
    yield running
    assert running.stop() == 0


def test_what_is_pushed_into_a_reply_stands_behind_it_in_its_order(talking: Product) -> None:
    async def scenario() -> None:
        user, other = str(uuid.uuid4()), str(uuid.uuid4())
        async with talking.client(user) as client, talking.client(other) as beside:
            message_id = str(uuid.uuid4())
            # 10 seconds: longer than a push waits in the function before it is given back.
            await client.send(action="message", messageId=message_id, text="330 la")
            await client.receive(type="delta")
            told = [
                PushMessage(user_id=guest(each).user_id, text=str(n))
                for n in range(5)
                for each in (user, other)
            ]
            await asyncio.to_thread(publisher(talking).push_all, told)
            await beside.receive(type="turn", turn={"reply": "4"})
            assert [turn["status"] for turn in await client.log()] == ["pending"]
            await client.receive(type="turn", turn={"reply": "4"})
            said = [turn["reply"] for turn in await client.log()]
            assert said[1:] == [str(n) for n in range(5)]
            assert said[0].endswith("la329 ")

    asyncio.run(scenario())
