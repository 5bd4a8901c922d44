"""Export and erasure through the running product."""

import asyncio
import hashlib
import uuid

import pytest

from auth.guests import guest
from tests.e2e.commands import erase, export, log_of, run
from tests.e2e.product import Product


def test_all_that_a_user_has_is_exported_and_erased_and_nobody_elses(product: Product) -> None:
    async def scenario() -> None:
        user, other = str(uuid.uuid4()), str(uuid.uuid4())
        user_id, other_id = guest(user).user_id, guest(other).user_id
        async with product.client(user) as client, product.client(other) as stranger:
            await stranger.say("not mine")
            for number in range(3):
                await client.say(f"text {number} of mine")
            await client.ask("snapshot", action="rename", title="Mine — ünïcode")
            await client.send(action="feedback", seq=2, rating="up")
            await client.ask(
                "snapshot", action="fork", conversationId="branch", forkOf="main", forkAt=2
            )
            await client.say("another way", conversationId="branch")
            await client.receive(type="turn", turn={"seq": 2, "feedback": "up"})
            untouched = await asyncio.to_thread(export, product, other_id)

            document = await asyncio.to_thread(export, product, user_id)
            assert (document["format"], document["userId"]) == ("parley.user-data/1", user_id)
            assert [row["active"] for row in document["connections"]] == [True]
            titles = {each["conversationId"]: each["title"] for each in document["conversations"]}
            assert titles["main"] == "Mine — ünïcode"
            main, branch = log_of(document, "main"), log_of(document, "branch")
            assert [turn["text"] for turn in main] == [f"text {n} of mine" for n in range(3)]
            assert main[1]["feedback"] == "up"
            assert [(each["kind"], each.get("text")) for each in branch] == [
                ("root", None),
                ("turn", "another way"),
            ]
            assert (branch[0]["originConversationId"], branch[0]["originSeq"]) == ("main", 2)
            assert document["forks"] == [
                {**document["forks"][0], "conversationId": "main", "fork": "branch"}
            ]

            receipt = await asyncio.to_thread(erase, product, user_id)
            assert receipt["userIdSha256"] == hashlib.sha256(user_id.encode()).hexdigest()
            assert receipt["removed"] == {"connection": 1, "conversation": 2, "root": 1, "turn": 4}
            assert (receipt["closed"], receipt["newer"], receipt["left"]) == (1, {}, {})
            (staying,) = receipt["remains"]
            assert staying["kind"] == "tombstone"
            with pytest.raises(ConnectionResetError, match="1000"):
                await client.receive(type="nothing")
            left = await asyncio.to_thread(export, product, user_id)
            assert left["connections"] == []
            kinds = {each["kind"] for log in left["conversations"] for each in log["log"]}
            assert kinds == {"tombstone"}
            assert "mine" not in str(left).lower()
            again = await asyncio.to_thread(erase, product, user_id)
            assert (again["removed"], again["remains"]) == ({}, receipt["remains"])
            after = await asyncio.to_thread(export, product, other_id)
            assert {**after, "exportedAt": ""} == {**untouched, "exportedAt": ""}
        async with product.client(user) as back:
            assert await back.log() == []
            assert (await back.say("anew"))["seq"] == 1

    asyncio.run(scenario())


def test_nothing_is_erased_unless_it_is_meant(product: Product) -> None:
    done = run(product, "erase", "guest:nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert "CONFIRM=yes" in done.stderr
