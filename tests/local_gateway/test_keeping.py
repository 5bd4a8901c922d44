"""What was acknowledged is kept: across restarts, template changes and crashes of any process."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local_gateway.aws import Endpoint
from local_gateway.engine.engine import Engine
from local_gateway.engine.journal import Journal
from local_gateway.testing import GatewayProcess

FIXTURE_APP = Path(__file__).with_name("fixture_app")


class LastingGateway:
    """A gateway on a copy of the fixture application; started again where a test has ended it."""

    def __init__(self, directory: Path) -> None:
        self.app = Path(shutil.copytree(FIXTURE_APP, directory / "the app"))  # a path with spaces
        self.template = self.app / "template.yaml"
        self.process = gateway_of(self.app)

    def running(self) -> GatewayProcess:
        """The gateway, with nothing but defaults."""
        return self.process if self.process.alive else self.process.start()

    def stopped(self) -> None:
        """End it; what it has deployed stays."""
        if self.process.port == 0:
            self.running()
        self.process.stop()

    @contextlib.contextmanager
    def edited(self, before: str, after: str) -> Iterator[None]:
        """The template as edited, for as long as the block lasts."""
        text = self.template.read_text()
        assert before in text
        self.template.write_text(text.replace(before, after))
        try:
            yield
        finally:
            self.template.write_text(text)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LastingGateway]:
    gateway = LastingGateway(tmp_path_factory.mktemp("lasting"))
    yield gateway
    if gateway.process.alive:
        gateway.process.stop()


def gateway_of(app: Path, *arguments: str, **environ: str) -> GatewayProcess:
    template = str(app / "template.yaml")
    return GatewayProcess(app.parent / "state", ["--template", template, *arguments], environ)


def ask(gateway: GatewayProcess, **fields: Any) -> Any:
    async def run() -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(gateway.socket_url) as connected,
        ):
            await connected.send_str(json.dumps({"action": "echo", **fields}))
            return json.loads(await connected.receive_str(timeout=30))

    return asyncio.run(run())


def keep(gateway: GatewayProcess, name: str) -> None:
    assert ask(gateway, do="keep", id=name, value=name)["kept"] == name


def engine_note(app: Path) -> Any:
    return json.loads((app.parent / "state" / "engine" / "engine.json").read_text())


def has_ended(pid: int) -> bool:
    """Whether the process runs no more; its new parent may be slow to bury it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def kept(gateway: GatewayProcess, app: Path) -> set[str]:
    table = ask(gateway, do="surroundings")["environment"]["TABLE"]
    endpoint = f"http://127.0.0.1:{engine_note(app)['port']}"
    rows = Endpoint(endpoint, "us-east-1").client("dynamodb").scan(TableName=table)["Items"]
    return {row["id"]["S"] for row in rows if not row["id"]["S"].startswith("disconnect-")}


def test_rows_survive_the_gateways_sudden_death_and_nothing_is_left_running(
    lasting: LastingGateway,
) -> None:
    gateway = lasting.running()
    before = kept(gateway, lasting.app)
    keep(gateway, "before the gateway's crash")
    engine = engine_note(lasting.app)["pid"]
    gateway.stop(signal.SIGKILL)
    again = lasting.running()
    assert has_ended(engine), "the new engine waits for the old one's end"
    assert kept(again, lasting.app) == before | {"before the gateway's crash"}


def test_rows_survive_the_engines_sudden_death_which_ends_the_gateway_in_one_line(
    lasting: LastingGateway,
) -> None:
    gateway = lasting.running()
    before = kept(gateway, lasting.app)
    keep(gateway, "before the engine's crash")
    os.kill(engine_note(lasting.app)["pid"], signal.SIGKILL)
    assert gateway.wait() == 1
    assert "local gateway: the engine ended with signal 9" in gateway.said[-1]
    assert kept(lasting.running(), lasting.app) == before | {"before the engine's crash"}


def test_code_saved_while_it_runs_takes_effect(lasting: LastingGateway) -> None:
    gateway = lasting.running()
    assert ask(gateway, do="version")["version"] == 1
    source = lasting.app / "src" / "echo.py"
    source.write_text(source.read_text().replace("VERSION = 1", "VERSION = 222"))
    for _ in range(200):
        if ask(gateway, do="version")["version"] == 222:
            break
    else:
        pytest.fail("the new code never ran")


def test_rows_survive_a_stop_a_template_change_and_a_new_parameter(
    lasting: LastingGateway,
) -> None:
    gateway = lasting.running()
    before = kept(gateway, lasting.app)
    keep(gateway, "first")
    assert gateway.stop(signal.SIGINT) == 0
    route = "other: &e\n          FunctionArn: !GetAtt EchoFunction.Arn\n        echo:"
    with lasting.edited("echo:", route):
        overrides = ["--parameter-overrides", "Greeting=good day", "StageName=dev"]
        again = gateway_of(lasting.app, *overrides).start()
        try:
            assert again.socket_url.endswith("/dev")
            assert ask(again)["greeting"] == "good day"
            assert ask(again, action="other")["event"]["requestContext"]["routeKey"] == "other"
            keep(again, "second")
            assert kept(again, lasting.app) == before | {"first", "second"}
        finally:
            assert again.stop(signal.SIGTERM) == 0


def test_a_change_that_would_lose_rows_is_refused(lasting: LastingGateway) -> None:
    lasting.stopped()
    with lasting.edited("AttributeName: id", "AttributeName: other"):
        refused = gateway_of(lasting.app)
        assert refused.run() == 1
    assert "Rows changes its key, which would lose its rows" in refused.said[-1]


def test_another_dynamodb_gets_the_tables_and_the_rows(tmp_path: Path) -> None:
    app = Path(shutil.copytree(FIXTURE_APP, tmp_path / "app"))

    async def run() -> tuple[set[str], str]:
        other = Engine(tmp_path / "other", "us-east-1")
        await other.start()
        try:
            gateway = gateway_of(app, AWS_ENDPOINT_URL=other.url)
            await asyncio.to_thread(gateway.start)
            try:
                await asyncio.to_thread(keep, gateway, "over there")
                names = await asyncio.to_thread(kept, gateway, app)
            finally:
                await asyncio.to_thread(gateway.stop)
            there = Endpoint(other.url, "us-east-1").client("dynamodb")
            table = there.list_tables()["TableNames"][0]
            found = {row["id"]["S"] for row in there.scan(TableName=table)["Items"]}
            assert names == set(), "nothing went to the embedded engine"
            lifetime = there.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
            return found, lifetime["AttributeName"]
        finally:
            await other.stop()

    found, lifetime = asyncio.run(run())
    assert "over there" in found
    assert lifetime == "expiresAt"


def test_a_journal_gives_back_its_entries_but_not_a_line_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.append(("arn", "p", "s", {"a": {"S": "ü\n"}}))
    journal.append(("arn", "p", "s", None))
    with path.open("ab") as file:
        file.write(b'["arn","p","s",{"a"')
    assert list(Journal(path).entries()) == [
        ("arn", "p", "s", {"a": {"S": "ü\n"}}),
        ("arn", "p", "s", None),
    ]
    journal.clear()
    assert list(Journal(path).entries()) == []


def test_every_kind_of_write_survives_a_killed_engine(tmp_path: Path) -> None:
    async def run() -> list[Any]:
        engine = Engine(tmp_path, "us-east-1")
        await engine.start()
        client = Endpoint(engine.url, "us-east-1").client("dynamodb")
        await asyncio.to_thread(write_in_every_way, client)
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        again = Engine(tmp_path, "us-east-1")
        await again.start()
        try:
            client = Endpoint(again.url, "us-east-1").client("dynamodb")
            return sorted(
                row["id"]["S"] + row.get("n", {}).get("N", "")
                for row in (await asyncio.to_thread(client.scan, TableName="rows"))["Items"]
            )
        finally:
            await again.stop()
            await engine.stop()

    assert asyncio.run(run()) == ["batched", "put", "transacted", "updated3"]


def test_the_numbers_of_a_queue_grow_across_a_killed_engine(tmp_path: Path) -> None:
    async def run() -> list[int]:
        numbers = []
        engine = Engine(tmp_path, "us-east-1")
        await engine.start()
        sqs = Endpoint(engine.url, "us-east-1").client("sqs")
        queue = await asyncio.to_thread(
            sqs.create_queue, QueueName="feed.fifo", Attributes={"FifoQueue": "true"}
        )
        await engine.save()
        numbers += [
            await asyncio.to_thread(number_of_a_message, sqs, queue["QueueUrl"], n)
            for n in range(3)
        ]
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        again = Engine(tmp_path, "us-east-1")
        await again.start()
        try:
            sqs = Endpoint(again.url, "us-east-1").client("sqs")
            url = (await asyncio.to_thread(sqs.get_queue_url, QueueName="feed.fifo"))["QueueUrl"]
            numbers.append(await asyncio.to_thread(number_of_a_message, sqs, url, 3))
        finally:
            await again.stop()
            await engine.stop()
        return numbers

    numbers = asyncio.run(run())
    assert numbers == sorted(set(numbers)), "a push would be taken for one that was seen"


def test_what_was_being_worked_on_comes_again_at_once_in_its_order(tmp_path: Path) -> None:
    async def run() -> list[str]:
        engine = Engine(tmp_path, "us-east-1")
        await engine.start()
        sqs = Endpoint(engine.url, "us-east-1").client("sqs")
        queue = await asyncio.to_thread(
            sqs.create_queue,
            QueueName="feed.fifo",
            Attributes={"FifoQueue": "true", "VisibilityTimeout": "600"},
        )
        url = queue["QueueUrl"]
        for n in range(2):
            await asyncio.to_thread(number_of_a_message, sqs, url, n)
        first = await asyncio.to_thread(sqs.receive_message, QueueUrl=url)
        await engine.stop()
        again = Engine(tmp_path, "us-east-1")
        await again.start()
        try:
            sqs = Endpoint(again.url, "us-east-1").client("sqs")
            url = (await asyncio.to_thread(sqs.get_queue_url, QueueName="feed.fifo"))["QueueUrl"]
            second = await asyncio.to_thread(sqs.receive_message, QueueUrl=url)
        finally:
            await again.stop()
        return [got["Messages"][0]["MessageId"] for got in (first, second)]

    first, second = asyncio.run(run())
    assert first == second, "whoever had it is gone, and all behind it would wait for it"


def number_of_a_message(sqs: Any, url: str, n: int) -> int:
    sent = sqs.send_message(
        QueueUrl=url, MessageBody="-", MessageGroupId="user", MessageDeduplicationId=str(n)
    )
    return int(sent["SequenceNumber"])


def write_in_every_way(client: Any) -> None:
    client.create_table(
        TableName="rows",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def item(name: str) -> Any:
        return {"id": {"S": name}}

    client.put_item(TableName="rows", Item=item("put"))
    client.put_item(TableName="rows", Item=item("deleted"))
    client.delete_item(TableName="rows", Key=item("deleted"))
    for _ in range(3):
        client.update_item(
            TableName="rows",
            Key=item("updated"),
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
    client.batch_write_item(RequestItems={"rows": [{"PutRequest": {"Item": item("batched")}}]})
    put = {"Put": {"TableName": "rows", "Item": item("transacted")}}
    client.transact_write_items(TransactItems=[put])
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "rows", "Item": item("never")}},
                {
                    "ConditionCheck": {
                        "TableName": "rows",
                        "Key": item("absent"),
                        "ConditionExpression": "attribute_exists(id)",
                    }
                },
            ]
        )
