"""Lambda's Invoke API, asked by botocore as the functions ask it, and by hand."""

import asyncio
import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_gateway.errors import FunctionFailed, FunctionTimedOut
from local_gateway.http.lambda_api import MAX_ASYNCHRONOUS_BYTES, MAX_SYNCHRONOUS_BYTES
from tests.local_gateway.front import SIGNED, Front, invocable
from tests.local_gateway.runs import FakeRuns, a_function

ARN = "arn:aws:lambda:us-east-1:000000000000:function:job"


async def invoke(front: Front, **arguments: Any) -> Any:
    """Invoke through botocore; return its answer with the payload read, or the error's code."""
    client: Any = botocore.session.Session().create_client(
        "lambda",
        endpoint_url=front.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )

    def call() -> Any:
        try:
            answer = client.invoke(**arguments)
        except ClientError as error:
            response: Any = error.response
            return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]
        answer["Payload"] = answer["Payload"].read()
        return answer

    return await asyncio.to_thread(call)


def invoked(directory: Path, runs: FakeRuns | None = None, **arguments: Any) -> Any:
    async def run() -> Any:
        async with invocable(directory, runs or FakeRuns(a_function())) as front:
            return await invoke(front, **{"FunctionName": "job", **arguments})

    return asyncio.run(run())


def by_hand(
    directory: Path, headers: dict[str, str], path: str = "job", body: bytes = b"{}"
) -> tuple[int, str | None, int]:
    """Call without an SDK; return status, error type and how often the function was run."""

    async def run() -> Any:
        runs = FakeRuns(a_function())
        async with invocable(directory, runs) as front:
            url = f"{front.url}/2015-03-31/functions/{path}/invocations"
            async with front.session.post(url, data=body, headers=headers) as response:
                return response.status, response.headers.get("x-amzn-ErrorType"), len(runs.events)

    found: tuple[int, str | None, int] = asyncio.run(run())
    return found


def test_a_synchronous_call_has_the_functions_answer(tmp_path: Path) -> None:
    runs = FakeRuns(a_function(), [{"a": 1}])
    answer = invoked(tmp_path, runs, Payload=b'{"x": "\xc3\xbc"}')
    assert (answer["StatusCode"], json.loads(answer["Payload"])) == (200, {"a": 1})
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert runs.events == [{"x": "ü"}]
    assert answer["ResponseMetadata"]["RequestId"] == runs.request_ids[0]


def test_an_asynchronous_call_is_answered_before_the_function_runs(tmp_path: Path) -> None:
    async def run() -> Any:
        runs = FakeRuns(a_function())
        runs.gate.clear()
        async with invocable(tmp_path, runs) as front:
            answer = await invoke(
                front, FunctionName="job", InvocationType="Event", Payload=b'{"x": 1}'
            )
            runs.gate.set()
            await runs.came(1)
            return answer, runs

    answer, runs = asyncio.run(run())
    assert (answer["StatusCode"], answer["Payload"]) == (202, b"")
    assert runs.events == [{"x": 1}]
    assert answer["ResponseMetadata"]["RequestId"] == runs.request_ids[0]


def test_a_dry_run_runs_nothing(tmp_path: Path) -> None:
    runs = FakeRuns(a_function())
    assert invoked(tmp_path, runs, InvocationType="DryRun")["StatusCode"] == 204
    assert runs.events == []


def test_no_body_is_an_empty_event(tmp_path: Path) -> None:
    runs = FakeRuns(a_function())
    invoked(tmp_path, runs)
    assert runs.events == [{}]


@pytest.mark.parametrize(
    ("failure", "answer"),
    [
        (
            FunctionFailed("KeyError", "no such", "app.py, line 3", ["File app.py"]),
            {"errorType": "KeyError", "errorMessage": "no such", "stackTrace": ["File app.py"]},
        ),
        (
            FunctionTimedOut(3.0),
            {
                "errorType": "Sandbox.Timedout",
                "errorMessage": "Task timed out after 3.00 seconds",
            },
        ),
    ],
)
def test_a_function_error_is_a_200_that_says_so(
    tmp_path: Path, failure: FunctionFailed, answer: dict[str, Any]
) -> None:
    found = invoked(tmp_path, FakeRuns(a_function(), [failure]))
    assert (found["StatusCode"], found["FunctionError"]) == (200, "Unhandled")
    assert json.loads(found["Payload"]) == answer


@pytest.mark.parametrize(
    "name",
    [
        "job",
        "job:$LATEST",
        "job:live",
        ARN,
        f"{ARN}:live",
        "000000000000:function:job",
        "000000000000:function:job:$LATEST",
        "function:job",
    ],
)
def test_a_function_has_many_names(tmp_path: Path, name: str) -> None:
    assert invoked(tmp_path, FunctionName=name)["StatusCode"] == 200


@pytest.mark.parametrize(
    "arguments",
    [
        {"FunctionName": "jobs"},
        {"FunctionName": "job:dead"},
        {"Qualifier": "7"},
        {"FunctionName": ARN.replace("us-east-1", "us-east-2")},
        {"FunctionName": "111111111111:function:job"},
    ],
    ids=str,
)
def test_what_is_not_here_is_not_found(tmp_path: Path, arguments: dict[str, str]) -> None:
    runs = FakeRuns(a_function())
    assert invoked(tmp_path, runs, **arguments) == ("ResourceNotFoundException", 404)
    assert runs.events == []


def test_a_qualifier_comes_in_the_name_or_beside_it_and_says_one_thing(tmp_path: Path) -> None:
    assert invoked(tmp_path, Qualifier="live")["StatusCode"] == 200
    refused = invoked(tmp_path, FunctionName="job:live", Qualifier="$LATEST")
    assert refused == ("InvalidParameterValueException", 400)


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("Event", MAX_ASYNCHRONOUS_BYTES), ("RequestResponse", MAX_SYNCHRONOUS_BYTES)],
)
def test_an_event_has_its_limit(tmp_path: Path, kind: str, limit: int) -> None:
    largest = b'"' + b"x" * (limit - 2) + b'"'
    found = invoked(tmp_path, InvocationType=kind, Payload=largest)
    assert found["StatusCode"] in (200, 202)
    found = invoked(tmp_path, InvocationType=kind, Payload=largest + b" ")
    assert found == ("RequestTooLargeException", 413)


@pytest.mark.parametrize("body", [b"{", b"nothing", b"\xff", b"[NaN]", b"[" * 100_000])
def test_what_is_not_json_is_refused(tmp_path: Path, body: bytes) -> None:
    for kind in ("Event", "RequestResponse"):
        headers = {**SIGNED, "X-Amz-Invocation-Type": kind}
        found = by_hand(tmp_path, headers, body=body)
        assert found == (400, "InvalidRequestContentException", 0)


def test_an_unknown_kind_of_invocation_is_refused(tmp_path: Path) -> None:
    found = by_hand(tmp_path, {**SIGNED, "X-Amz-Invocation-Type": "Later"})
    assert found == (400, "InvalidParameterValueException", 0)


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic eDp5"}, {**SIGNED, "Host": "a-page.example"}]
)
def test_what_a_page_of_another_origin_could_send_is_refused(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    found = by_hand(tmp_path, headers)
    assert found == (403, "MissingAuthenticationTokenException", 0)


def test_a_pages_preflight_grants_nothing(tmp_path: Path) -> None:
    async def run() -> Any:
        async with invocable(tmp_path, FakeRuns(a_function())) as front:
            url = f"{front.url}/2015-03-31/functions/job/invocations"
            headers = {
                "Origin": "https://a-page.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization",
            }
            async with front.session.options(url, headers=headers) as response:
                return response.status, [n for n in response.headers if "Access-Control" in n]

    assert asyncio.run(run()) == (403, [])
