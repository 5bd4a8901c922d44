"""The cleaner in the running product: the engine's scheduler runs it, on rows as time left them."""

import asyncio
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth.guests import guest
from bot.wire.answers import timestamp
from local_gateway.aws import Endpoint
from operations.deployment import Deployment, of_gateway
from store.dynamo.connections import activity_of
from tests.e2e.product import PATIENCE_SECONDS, Product


class Operator:
    """Looks into the product's tables, and turns time back in them."""

    def __init__(self, product: Product) -> None:
        self._deployment: Deployment = of_gateway(product.data_dir)
        self._dynamodb = self._deployment.dynamodb()
        assert self._deployment.engine_url
        assert self._deployment.region
        self._engine = Endpoint(self._deployment.engine_url, self._deployment.region)

    def rows(self, user: str) -> list[dict[str, Any]]:
        """The connections of a guest."""
        found: list[dict[str, Any]] = self._dynamodb.query(
            TableName=self._deployment.connections_table,
            KeyConditionExpression="userId = :user",
            ExpressionAttributeValues={":user": {"S": guest(user).user_id}},
        )["Items"]
        return found

    def set_back(self, row: dict[str, Any], minutes: int) -> None:
        """Let a connection have opened so long ago."""
        opened = {"S": timestamp(datetime.now(UTC) - timedelta(minutes=minutes))}
        self.put({**row, "connectedAt": opened, "lastSeen": opened})

    def put(self, row: dict[str, Any]) -> None:
        """Write a row."""
        self._dynamodb.put_item(TableName=self._deployment.connections_table, Item=row)

    def schedule_now(self) -> None:
        """Have the scheduler do at once what it does every five minutes."""
        scheduler = self._engine.client("scheduler")
        for listed in scheduler.list_schedules()["Schedules"]:
            schedule = scheduler.get_schedule(Name=listed["Name"])
            if "Cleaner" not in schedule["Target"]["Arn"]:
                continue
            assert schedule["ScheduleExpression"] == "rate(5 minutes)"
            scheduler.create_schedule(
                Name=f"now-{uuid.uuid4().hex}",
                ScheduleExpression="at(2020-01-01T00:00:00)",
                FlexibleTimeWindow={"Mode": "OFF"},
                Target={key: schedule["Target"][key] for key in ("Arn", "RoleArn")},
            )
            return
        pytest.fail("nothing is scheduled for the cleaner")

    def wait_for(self, user: str, names: set[str]) -> None:
        """Wait until these connections are all that a guest has rows of."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := {row["connectionId"]["S"] for row in self.rows(user)}) != names:
            assert time.monotonic() < deadline, found
            time.sleep(0.2)


def like(row: dict[str, Any], name: str, *, active: bool) -> dict[str, Any]:
    """The same row of another connection, which is not there."""
    return {**row, "connectionId": {"S": name}, "active": activity_of(name, active=active)}


def test_dead_rows_go_what_is_too_old_is_closed_and_who_is_there_notices_nothing(
    product: Product,
) -> None:
    operator = Operator(product)

    async def scenario() -> None:
        user = str(uuid.uuid4())
        async with product.client(user) as staying, product.client(user) as old:
            await staying.say("before")
            first, second = operator.rows(user)
            await old.ask("pong", action="ping")
            lost, ended = like(first, "lost=", active=True), like(first, "ended=", active=False)
            for row, minutes in ((first, 40), (second, 130), (lost, 50), (ended, 15)):
                operator.set_back(row, minutes)
            await asyncio.to_thread(operator.schedule_now)
            await asyncio.to_thread(operator.wait_for, user, {first["connectionId"]["S"]})
            clients = {"staying": staying, "old": old}
            closed = [name for name, client in clients.items() if not await answers(client)]
            assert len(closed) == 1
            here = clients[({*clients} - {*closed}).pop()]
            await here.say("after")
            assert [turn["text"] for turn in await here.log()] == ["before", "after"]
            (row,) = operator.rows(user)
            seen = datetime.fromisoformat(row["lastSeen"]["S"])
            assert datetime.now(UTC) - seen < timedelta(minutes=5)

    asyncio.run(scenario())


async def answers(client: Any) -> bool:
    """Whether a connection is open."""
    try:
        await client.ask("pong", action="ping")
    except ConnectionResetError:
        return False
    return True


def test_a_run_on_what_is_alive_changes_nothing(product: Product) -> None:
    operator = Operator(product)

    async def scenario() -> None:
        user = str(uuid.uuid4())
        async with product.client(user) as client:
            await client.say("here")
            before = json.dumps(operator.rows(user), sort_keys=True)
            (row,) = operator.rows(user)
            operator.set_back(like(row, "dead=", active=False), 20)
            await asyncio.to_thread(operator.schedule_now)
            await asyncio.to_thread(operator.wait_for, user, {row["connectionId"]["S"]})
            assert json.dumps(operator.rows(user), sort_keys=True) == before

    asyncio.run(scenario())
