"""What the engine wants run goes to the gateway's Invoke API, whenever that comes to life."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local_gateway.aws import Endpoint
from local_gateway.engine import forwarding
from local_gateway.engine.forwarding import Forwarding
from local_gateway.errors import FunctionFailed
from local_gateway.testing import free_port
from tests.local_gateway.front import invocable
from tests.local_gateway.runs import FakeRuns, a_function

BATCH = {"Records": [{"eventSource": "aws:sqs", "body": "x"}]}
NOTICE = {"Records": [{"EventSource": "aws:sns", "Sns": {}}]}


def forwarded(directory: Path, event: Any, outcome: Any = None) -> tuple[Any, FakeRuns]:
    """What the engine hears of an event, and the function that ran it."""

    async def run() -> tuple[Any, FakeRuns]:
        runs = FakeRuns(a_function(max_retries=0), [outcome])
        async with invocable(directory, runs) as front:
            engine = Forwarding(Endpoint(front.url, "us-east-1"))
            function = {"config": {"FunctionName": "job"}}
            heard = await asyncio.to_thread(engine.execute, function, event, front.url, "id")
            await runs.came(1)
            return heard, runs

    return asyncio.run(run())


def test_a_batch_of_a_queue_is_answered_with_what_the_function_says(tmp_path: Path) -> None:
    heard, runs = forwarded(tmp_path, BATCH, {"batchItemFailures": []})
    assert heard == {"body": {"batchItemFailures": []}}
    assert runs.events == [BATCH]


def test_a_batch_that_fails_is_a_failure(tmp_path: Path) -> None:
    heard, _ = forwarded(tmp_path, BATCH, FunctionFailed("KeyError", "a fault"))
    assert heard == {"error": True, "body": {"errorType": "KeyError", "errorMessage": "a fault"}}


@pytest.mark.parametrize("event", [{"time": "now"}, NOTICE, [], "text", {"Records": ["?"]}])
def test_all_else_is_asynchronous(tmp_path: Path, event: Any) -> None:
    heard, runs = forwarded(tmp_path, event, FunctionFailed("KeyError", "a fault"))
    assert heard == {"body": None}
    assert runs.events == [event]


def test_a_gateway_that_never_comes_is_a_failure() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    engine = Forwarding(Endpoint(url, "us-east-1"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forwarding, "START_SECONDS", 0.0)
        heard = engine.execute({"FunctionName": "job"}, BATCH, url, "id")
    assert heard["error"] is True
    assert heard["body"]["errorType"] == "EndpointConnectionError"


def test_what_comes_before_the_gateway_listens_waits_for_it(tmp_path: Path) -> None:
    async def run() -> Any:
        port = free_port()
        engine = Forwarding(Endpoint(f"http://127.0.0.1:{port}", "us-east-1"))
        waiting = asyncio.create_task(
            asyncio.to_thread(engine.execute, {"FunctionName": "job"}, BATCH, "", "id")
        )
        await asyncio.sleep(0.3)
        async with invocable(tmp_path, FakeRuns(a_function(), ["done"]), port=port):
            return await waiting

    assert asyncio.run(run()) == {"body": "done"}
