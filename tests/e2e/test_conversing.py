"""Order, exactly once, resume and isolation through the whole product."""

import asyncio
import json
import random
import uuid
from typing import Any

import aiohttp
import pytest

from tests.e2e.product import PATIENCE_SECONDS, Client, Frame, Product


def test_fifty_messages_at_once_make_a_gapless_order_of_fifty_turns(product: Product) -> None:
    async def scenario() -> tuple[list[Frame], list[Frame]]:
        async with product.client() as client:
            ids = [f"message-{number}" for number in range(50)]
            for each in ids:
                await client.send(action="message", messageId=each, text=f"text of {each}", after=0)
            answered = [await client.turn(each) for each in ids]
            return answered, await client.log()

    answered, log = asyncio.run(scenario())
    assert [turn["seq"] for turn in log] == list(range(1, 51))
    assert sorted(turn["messageId"] for turn in log) == sorted(f"message-{n}" for n in range(50))
    assert sorted(answered, key=lambda turn: turn["seq"]) == log


def test_one_message_sent_ten_times_at_once_from_two_devices_makes_one_turn(
    product: Product,
) -> None:
    async def scenario() -> tuple[list[Frame], list[Frame]]:
        async with product.client() as phone, product.client(phone.user) as laptop:
            devices = [phone, laptop] * 5
            await asyncio.gather(
                *(
                    device.send(action="message", messageId="the one", text="hello", after=0)
                    for device in devices
                )
            )
            answers = [await device.turn("the one") for device in devices]
            return answers, await phone.log()

    answers, log = asyncio.run(scenario())
    assert len(log) == 1
    assert all(answer == log[0] for answer in answers)


def test_every_device_of_a_user_gets_every_turn(product: Product) -> None:
    async def scenario() -> tuple[Frame, Frame]:
        async with product.client() as phone, product.client(phone.user) as laptop:
            return await phone.say("hello", "m"), await laptop.turn("m")

    on_phone, on_laptop = asyncio.run(scenario())
    assert on_phone == on_laptop


def test_resume_after_any_seq_gives_exactly_what_is_missing(product: Product) -> None:
    async def scenario() -> None:
        async with product.client() as client:
            for number in range(12):
                await client.say(f"number {number}", after=number)
            log = await client.log()
            for after in range(13):
                assert await client.log(after=after) == log[after:]

    asyncio.run(scenario())


def test_a_gap_of_many_frames_comes_whole_and_in_frames_under_32_kb(product: Product) -> None:
    async def scenario() -> None:
        async with product.client() as client:
            for number in range(12):
                await client.say(f"{number} " + "wörd " * 700, after=number)
            await client.send(action="resume", after=0)
            turns: list[Frame] = []
            sizes = []
            while True:
                text = (await client.socket.receive()).data
                sizes.append(len(text.encode()))
                frame = json.loads(text)
                turns += frame["turns"]
                if not frame["more"]:
                    break
            assert [turn["seq"] for turn in turns] == list(range(1, 13))
            assert len(sizes) > 2
            assert max(sizes) < 32 * 1024

    asyncio.run(scenario())


@pytest.mark.parametrize("seed", range(2))
def test_a_client_cut_off_at_random_shows_in_the_end_what_the_table_holds(
    product: Product, seed: int
) -> None:
    """200 messages with an outbox; about every tenth time the socket is torn off."""
    chance = random.Random(seed)
    user = str(uuid.uuid4())

    async def scenario() -> tuple[dict[int, Frame], list[Frame]]:
        shown: dict[int, Frame] = {}
        outbox = [(f"{seed}-{number}", f"text {number}") for number in range(200)]
        while outbox:
            try:
                async with product.client(user) as client:
                    await _show(client, shown, await client.log(after=_contiguous(shown)))
                    await _work(client, shown, outbox, chance)
            except (ConnectionResetError, aiohttp.ClientError):
                continue
        async with product.client(user) as client:
            await _show(client, shown, await client.log(after=_contiguous(shown)))
            return shown, await client.log()

    shown, log = asyncio.run(scenario())
    assert [shown[seq] for seq in sorted(shown)] == log
    assert [turn["text"] for turn in log] == [f"text {number}" for number in range(200)]


async def _work(
    client: Client, shown: dict[int, Frame], outbox: list[tuple[str, str]], chance: random.Random
) -> None:
    while outbox:
        message_id, text = outbox[0]
        known = {turn["messageId"] for turn in shown.values()}
        if message_id not in known:
            await client.send(
                action="message", messageId=message_id, text=text, after=_contiguous(shown)
            )
            if chance.random() < 0.1:
                await asyncio.sleep(chance.random() * 0.02)
                client.tear()
                return
            turn = await client.turn(message_id)
            await _show(client, shown, [turn])
        outbox.pop(0)


async def _show(client: Client, shown: dict[int, Frame], turns: list[Frame]) -> None:
    for turn in turns:
        assert shown.setdefault(turn["seq"], turn) == turn


def _contiguous(shown: dict[int, Frame]) -> int:
    seq = 0
    while seq + 1 in shown:
        seq += 1
    return seq


STRANGER_FRAMES: list[tuple[Frame, str]] = [
    ({"action": "resume", "after": 0}, "snapshot"),
    ({"action": "resume", "after": 2}, "snapshot"),
    ({"action": "history", "before": 3}, "snapshot"),
    ({"action": "rename", "title": "mine now"}, "error"),
    ({"action": "read", "seq": 1}, "error"),
    ({"action": "feedback", "seq": 1, "rating": "down"}, "error"),
    ({"action": "stop", "seq": 1}, "error"),
    ({"action": "delete"}, "error"),
]


@pytest.mark.parametrize(("frame", "answer"), STRANGER_FRAMES)
def test_a_stranger_with_all_of_a_users_ids_learns_and_changes_nothing(
    product: Product, frame: Frame, answer: str
) -> None:
    async def scenario() -> None:
        conversation = uuid.uuid4().hex
        async with product.client() as owner, product.client() as stranger:
            await owner.say("my secret", "m1", conversationId=conversation)
            await owner.say("my other secret", "m2", conversationId=conversation)
            before = await owner.log(conversation)
            await stranger.send(**frame, conversationId=conversation, userId=owner.user)
            answered = await stranger.receive(type=answer)
            await stranger.send(**{**frame, "conversationId": uuid.uuid4().hex})
            nothing = await stranger.receive(type=answer)
            for each in (answered, nothing):
                each.pop("conversationId")
                each.pop("correlationId", None)
            assert answered == nothing
            assert "secret" not in json.dumps(answered)
            assert await owner.log(conversation) == before

    asyncio.run(scenario())


def test_a_strangers_message_with_the_same_ids_is_a_turn_of_the_strangers_own(
    product: Product,
) -> None:
    async def scenario() -> None:
        async with product.client() as owner, product.client() as stranger:
            mine = await owner.say("mine", "the same id")
            theirs = await stranger.say("theirs", "the same id")
            assert (mine["text"], theirs["text"]) == ("mine", "theirs")
            assert len(await owner.log()) == len(await stranger.log()) == 1

    asyncio.run(scenario())


TEXTS = [
    "x",
    "x" * 4000,
    "👩‍👩‍👧‍👦 🎉",
    "😀" * 4000,
    "שלום, עולם",
    "a\0b",
    '"quotes" \\ and \u2028',
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_comes_back_as_it_was_sent(product: Product, text: str) -> None:
    async def scenario() -> str:
        async with product.client() as client:
            await client.say(text)
            return str((await client.log())[0]["text"])

    assert asyncio.run(scenario()) == text


def _message(**fields: Any) -> str:
    return json.dumps({"action": "message", "messageId": "bad", "text": "hello", **fields})


BAD_BODIES = [
    (_message(text=""), "bad_request"),
    (_message(text="x" * 4001), "too_large"),
    (_message(text="\ud800"), "bad_request"),
    (_message(text=7), "bad_request"),
    (_message(text=None), "bad_request"),
    (_message(messageId=["bad"]), "bad_request"),
    (_message(messageId=""), "bad_request"),
    (_message(messageId="x" * 129), "bad_request"),
    (_message(conversationId="main#0000000001"), "bad_request"),
    (_message(conversationId="../main"), "bad_request"),
    (_message(after=-1), "bad_request"),
    (_message(after="3"), "bad_request"),
    (_message(after=True), "bad_request"),
    (_message(after=10**400), "bad_request"),
    ('{"action":"message","messageId":"bad","text":"hello","after":NaN}', "bad_request"),
    ("not JSON", "bad_request"),
    ("", "bad_request"),
    ("[]", "bad_request"),
    ("null", "bad_request"),
    ('"message"', "bad_request"),
    ("[" * 30_000, "bad_request"),
    ('{"action":"message",' + '"a":{' * 5_000 + "}" * 5_000 + "}", "bad_request"),
    ('{"action":"frobnicate"}', "unknown_action"),
    ('{"action":["message"]}', "unknown_action"),
    ('{"action":"resume","after":-1}', "bad_request"),
    ('{"action":"history"}', "bad_request"),
    ('{"action":"history","before":2,"limit":0}', "bad_request"),
    ('{"action":"conversations","cursor":"../../"}', "bad_request"),
    ('{"action":"rename","title":""}', "bad_request"),
    ('{"action":"feedback","seq":1,"rating":"sideways"}', "bad_request"),
    ('{"action":"read","seq":0}', "bad_request"),
]


@pytest.mark.parametrize(("body", "code"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_frame_gets_its_error_and_the_next_good_one_works(
    product: Product, body: str, code: str
) -> None:
    async def scenario() -> tuple[Frame, list[Frame]]:
        async with product.client() as client:
            await client.socket.send_str(body)
            error = await client.receive(type="error")
            await client.say("good", "good")
            return error, await client.log()

    error, log = asyncio.run(scenario())
    assert (error["code"], error["retryable"]) == (code, False)
    assert [turn["text"] for turn in log] == ["good"]


@pytest.mark.parametrize(
    ("kind", "size", "code"),
    [("text", 33 * 1024, 1009), ("text", 129 * 1024, 1009), ("binary", 10, 1003)],
)
def test_what_api_gateway_does_not_take_closes_the_connection_and_loses_nothing(
    product: Product, kind: str, size: int, code: int
) -> None:
    async def scenario() -> tuple[int | None, list[Frame]]:
        async with product.client() as client:
            await client.say("before", "before")
            if kind == "text":
                await client.socket.send_str(_message(text="x" * size))
            else:
                await client.socket.send_bytes(b"x" * size)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await client.socket.receive()
            closed_with = client.socket.close_code
        async with product.client(client.user) as again:
            return closed_with, await again.log()

    closed_with, log = asyncio.run(scenario())
    assert closed_with == code
    assert [turn["text"] for turn in log] == ["before"]


def test_a_deleted_conversation_is_gone_on_every_device_and_begins_anew_at_one(
    product: Product,
) -> None:
    """Several warm functions hold its tail: none may bring it back."""

    async def scenario() -> None:
        async with product.client() as phone, product.client(phone.user) as laptop:
            for life in range(3):
                ids = [f"{life}-{number}" for number in range(20)]
                for each in ids:
                    await phone.send(action="message", messageId=each, text="hello")
                for each in ids:
                    assert (await phone.turn(each))["seq"] <= 20
                await phone.send(action="delete")
                for device in (phone, laptop):
                    gone = await device.receive(type="snapshot", reset=True)
                    assert (gone["turns"], gone["head"]) == ([], 0)
                listed = await phone.ask("conversations", action="conversations")
                assert listed["conversations"] == []
                assert await laptop.log() == []

    asyncio.run(scenario())


def test_titles_cursors_and_feedback_are_kept_and_told_to_every_device(product: Product) -> None:
    async def scenario() -> None:
        async with product.client() as phone, product.client(phone.user) as laptop:
            await phone.say("What is the time?", "m1")
            await phone.say("And the date?", "m2", conversationId="other")
            await phone.send(action="rename", title="Clocks")
            await laptop.receive(type="snapshot", title="Clocks")
            await phone.send(action="read", seq=1)
            await laptop.receive(type="snapshot", read=1)
            await phone.send(action="feedback", seq=1, rating="up")
            await laptop.receive(type="turn", turn={"seq": 1, "feedback": "up"})
            listed = await laptop.ask("conversations", action="conversations")
            entries = {each["conversationId"]: each for each in listed["conversations"]}
            assert (entries["main"]["title"], entries["main"]["read"]) == ("Clocks", 1)
            assert (entries["other"]["title"], entries["other"]["read"]) == ("And the date?", 0)
            assert [each["head"] for each in entries.values()] == [1, 1]

    asyncio.run(scenario())
