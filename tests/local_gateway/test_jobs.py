"""Asynchronous functions on the whole gateway: invoked by the SDK, retried, killed, kept."""

import asyncio
import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from local_gateway.aws import Endpoint
from local_gateway.testing import GatewayProcess, running_gateway

FIXTURE_APP = Path(__file__).with_name("fixture_app")


def ask(gateway: GatewayProcess, **fields: Any) -> Any:
    async def run() -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(gateway.socket_url) as connected,
        ):
            await connected.send_str(json.dumps({"action": "echo", **fields}))
            return json.loads(await connected.receive_str(timeout=30))

    return asyncio.run(run())


class Jobs:
    """Starts jobs of the fixture application and looks at what became of them."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self.gateway = gateway
        self._table = ask(gateway, do="surroundings")["environment"]["TABLE"]

    def engine(self, service: str) -> Any:
        note = json.loads((self.gateway.data_dir / "engine" / "engine.json").read_text())
        return Endpoint(f"http://127.0.0.1:{note['port']}", "us-east-1").client(service)

    def start(self, kind: str = "Event", **job: Any) -> Any:
        return ask(self.gateway, do="invoke", type=kind, job=job)

    def row(self, name: str) -> dict[str, Any]:
        key = {"id": {"S": name}}
        found = self.engine("dynamodb").get_item(TableName=self._table, Key=key).get("Item", {})
        return {field: next(iter(value.values())) for field, value in found.items()}

    def wait_for(self, name: str, field: str = "done", seconds: float = 30) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while field not in (row := self.row(name)):
            assert time.monotonic() < deadline, row
            time.sleep(0.05)
        return row

    def send(self, group: str, bodies: list[str]) -> None:
        sqs = self.engine("sqs")
        [url] = [url for url in sqs.list_queues()["QueueUrls"] if "Batches" in url]
        for number, body in enumerate(bodies):
            sqs.send_message(
                QueueUrl=url,
                MessageBody=json.dumps(body),
                MessageGroupId=group,
                MessageDeduplicationId=f"{group}-{number}",
            )

    def seen(self, group: str, number: int) -> list[str]:
        deadline = time.monotonic() + 30
        while len(found := self.row(group).get("seen", [])) < number:
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return [each["S"] for each in found]

    def letter(self, queue: str) -> Any:
        sqs = self.engine("sqs")
        [url] = [url for url in sqs.list_queues()["QueueUrls"] if queue in url]
        found = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=10)
        [message] = found["Messages"]
        attributes = {n: a["StringValue"] for n, a in message.get("MessageAttributes", {}).items()}
        return json.loads(message["Body"]), attributes


@pytest.fixture(scope="module")
def jobs(gateway: GatewayProcess) -> Jobs:
    return Jobs(gateway)


def test_a_function_starts_another_and_does_not_wait(jobs: Jobs) -> None:
    answer = jobs.start(id="quick")
    assert answer == {"status": 202, "said": "", "failed": None}
    done = json.loads(jobs.wait_for("quick")["done"])
    assert done["attempts"] == 1
    assert 890_000 < done["remaining"] <= 900_000, "its own Timeout, not the API's 29 seconds"


def test_a_function_waits_for_another(jobs: Jobs) -> None:
    answer = jobs.start("RequestResponse", id="waited for")
    assert (answer["status"], answer["failed"]) == (200, None)
    assert json.loads(answer["said"])["attempts"] == 1
    failed = jobs.start("RequestResponse", id="failing", failures=1)
    assert (failed["status"], failed["failed"]) == (200, "Unhandled")
    said = json.loads(failed["said"])
    assert (said["errorType"], said["errorMessage"]) == ("KeyError", "'a fault of the job'")
    assert "job.py" in said["stackTrace"][-1]
    assert jobs.row("failing")["attempts"] == "1", "no retry where somebody waits"


def test_a_job_that_dies_is_run_again_under_the_same_request_id(jobs: Jobs) -> None:
    jobs.start(id="dying", deaths=1)
    first = jobs.wait_for("dying", "requestId")
    last = jobs.wait_for("dying")
    assert last["attempts"] == "2"
    assert last["requestId"] == first["requestId"]
    assert last["worker"] != first["worker"]


def test_a_worker_killed_at_its_work_is_replaced(jobs: Jobs) -> None:
    jobs.start(id="killed", sleeps=1)
    os.kill(int(jobs.wait_for("killed", "worker")["worker"]), signal.SIGKILL)
    assert jobs.wait_for("killed")["attempts"] == "2"


def test_a_job_that_always_fails_ends_in_the_templates_queues(jobs: Jobs) -> None:
    job: dict[str, Any] = {"id": "hopeless", "failures": 99}
    jobs.start(**job)
    record, _ = jobs.letter("Failures")
    assert record["requestPayload"] == job
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2, "the template says one retry"
    assert record["responsePayload"]["errorType"] == "KeyError"
    event, attributes = jobs.letter("DeadLetters")
    assert event == job
    assert attributes["ErrorMessage"] == "'a fault of the job'"
    assert attributes["RequestID"] == record["requestContext"]["requestId"]


def test_a_queue_of_the_engine_runs_its_function_in_order_and_gets_partial_failures(
    jobs: Jobs,
) -> None:
    jobs.send("group", ["a", "fail", "b", "c"])
    assert jobs.seen("group", 4) == ["a", "fail", "b", "c"]


def test_a_schedule_of_the_engine_runs_its_function_asynchronously(jobs: Jobs) -> None:
    [name] = [
        function["FunctionName"]
        for function in jobs.engine("lambda").list_functions()["Functions"]
        if "JobFunction" in function["FunctionName"]
    ]
    arn = jobs.engine("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    jobs.engine("scheduler").create_schedule(
        Name="once",
        ScheduleExpression="at(2020-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": arn,
            "RoleArn": "arn:aws:iam::000000000000:role/any",
            "Input": json.dumps({"id": "scheduled", "failures": 1}),
        },
    )
    assert jobs.wait_for("scheduled")["attempts"] == "2", "it is retried, as all such events are"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_job_outlives_the_gateway_that_took_it(tmp_path: Path, number: int) -> None:
    app = shutil.copytree(FIXTURE_APP, tmp_path / "app")
    arguments = ["--template", str(app / "template.yaml"), "--no-reload"]
    with running_gateway(tmp_path / "state", arguments) as gateway:
        jobs = Jobs(gateway)
        jobs.start(id="interrupted", sleeps=1)
        first = jobs.wait_for("interrupted", "worker")
        gateway.stop(number)
        gateway.start()
        last = jobs.wait_for("interrupted")
        assert (last["attempts"], last["requestId"]) == ("2", first["requestId"])
        assert any("Going on with 1 asynchronous" in line for line in gateway.said)


def test_a_batch_cut_off_by_the_gateways_stop_comes_again(tmp_path: Path) -> None:
    arguments = ["--template", str(FIXTURE_APP / "template.yaml"), "--no-reload"]
    with running_gateway(tmp_path / "state", arguments) as gateway:
        jobs = Jobs(gateway)
        jobs.send("cut off", ["hang", "then"])
        jobs.wait_for("cut off", "hanging")
        began = time.monotonic()
        assert gateway.stop() == 0
        assert time.monotonic() - began < 40, "nothing in the engine waits for the gateway"
        gateway.start()
        assert jobs.seen("cut off", 2) == ["hang", "then"]
