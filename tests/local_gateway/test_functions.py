"""Function pools with real workers: one invocation at a time each, as in Lambda."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from local_gateway.errors import FunctionFailed, FunctionTimedOut
from local_gateway.functions import pool as pools
from local_gateway.functions.function import Function
from local_gateway.functions.service import Functions, Surroundings
from local_gateway.functions.terms import Terms

CODE = """
import json, os, time

def handler(event, context):
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "meet" in event:
        open(os.path.join(event["meet"], str(os.getpid())), "w").close()
        while len(os.listdir(event["meet"])) < event["number"]:
            time.sleep(0.005)
    if event.get("raise"):
        raise ValueError("a fault")
    if event.get("die"):
        os._exit(3)
    if event.get("environment"):
        return dict(os.environ)
    print("said by the function")
    return {
        "pid": os.getpid(),
        "version": 1,
        "remaining": context.get_remaining_time_in_millis(),
        "name": context.function_name,
        "request": context.aws_request_id,
        "arn": context.invoked_function_arn,
    }
"""


def with_functions(
    directory: Path,
    work: Callable[[Functions], Awaitable[Any]],
    code: str = CODE,
    timeout: float = 10.0,
    bound: int = 8,
) -> Any:
    """Run `work` on a service whose one function is `f`."""
    code_dir = directory / "src"
    code_dir.mkdir(exist_ok=True)
    (code_dir / "app.py").write_text(code)
    function = Function(
        name="f",
        logical_id="TheFunction",
        arn="arn:aws:lambda:us-east-1:000000000000:function:f",
        handler="app.handler",
        code_dir=code_dir,
        timeout=timeout,
        memory=256,
        environment={"SETTING": "value"},
    )
    surroundings = Surroundings({"PATH": os.defpath, "AWS_REGION": "us-east-1"}, directory / "logs")

    async def run() -> Any:
        functions = Functions([function], surroundings, bound)
        try:
            return await asyncio.wait_for(work(functions), 60)
        finally:
            await functions.stop()

    return asyncio.run(run())


def test_an_invocation_has_its_result_and_its_context(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        return await functions("f", {}), await functions("f", {})

    first, second = with_functions(tmp_path, work)
    assert first["pid"] == second["pid"], "the warm environment is used again"
    assert first["request"] != second["request"]
    assert first["name"] == "f"
    assert first["arn"].endswith(":function:f")
    assert 8_000 < first["remaining"] <= 10_000


def test_what_a_function_prints_goes_to_its_log_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def work(functions: Functions) -> Any:
        return await functions("f", {})

    with_functions(tmp_path, work)
    assert "said by the function" in (tmp_path / "logs" / "TheFunction.log").read_text()
    assert "said by the function" not in "".join(capfd.readouterr())


def test_a_function_has_lambdas_environment_and_nothing_of_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")

    async def work(functions: Functions) -> Any:
        return await functions("f", {"environment": True})

    found = with_functions(tmp_path, work)
    assert found["SETTING"] == "value"
    assert found["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert found["LAMBDA_TASK_ROOT"] == str(tmp_path / "src")
    assert "SECRET_OF_THE_USER" not in found


def test_busy_environments_make_new_ones(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        meeting = tmp_path / "meeting"
        meeting.mkdir()
        event = {"meet": str(meeting), "number": 3}
        return await asyncio.gather(*(functions("f", event) for _ in range(3)))

    assert len({answer["pid"] for answer in with_functions(tmp_path, work)}) == 3


def test_beyond_the_bound_invocations_wait_for_the_first_that_is_free(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        return await asyncio.gather(*(functions("f", {"sleep": 0.01}) for _ in range(12)))

    answers = with_functions(tmp_path, work, bound=2)
    assert len(answers) == 12
    assert len({answer["pid"] for answer in answers}) <= 2


def test_an_exception_is_a_function_error_with_kind_reason_and_place(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        with pytest.raises(FunctionFailed) as caught:
            await functions("f", {"raise": True})
        return caught.value, await functions("f", {})

    failure, after = with_functions(tmp_path, work)
    assert (failure.kind, failure.reason) == ("ValueError", "a fault")
    assert "app.py, line" in failure.place
    assert after["version"] == 1


def test_a_worker_that_dies_fails_its_invocation_and_the_next_gets_a_new_one(
    tmp_path: Path,
) -> None:
    async def work(functions: Functions) -> Any:
        before = await functions("f", {})
        with pytest.raises(FunctionFailed, match=r"Runtime\.ExitError.*exit code 3"):
            await functions("f", {"die": True})
        return before["pid"], (await functions("f", {}))["pid"]

    before, after = with_functions(tmp_path, work)
    assert before != after


def test_a_function_past_its_timeout_is_killed(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        with pytest.raises(FunctionTimedOut, match=r"timed out after 1\.00 seconds"):
            await functions("f", {"sleep": 60})
        return (await functions("f", {}))["version"]

    assert with_functions(tmp_path, work, timeout=1.0) == 1


def test_a_worker_is_killed_as_chance_has_it_and_only_while_at_its_work(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        terms = Terms(killed_after=1)
        before = json.loads(await functions.run("f", b"{}", terms))
        with pytest.raises(FunctionFailed, match=r"Runtime\.ExitError.*signal 9"):
            await functions.run("f", b'{"sleep": 60}', terms)
        quick = json.loads(await functions.run("f", b"{}", terms))
        await asyncio.sleep(1.5)
        return before["pid"], quick["pid"], (await functions("f", {}))["pid"]

    before, quick, after = with_functions(tmp_path, work)
    assert before != quick
    assert quick == after


def test_an_invocation_has_the_id_it_was_given(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        runs = [await functions.run("f", b"{}", Terms("mine")) for _ in range(2)]
        return [json.loads(answer)["request"] for answer in runs]

    assert with_functions(tmp_path, work) == ["mine", "mine"], "a retry has the same one"


def test_an_invocation_waits_for_an_environment_no_longer_than_its_patience(
    tmp_path: Path,
) -> None:
    async def work(functions: Functions) -> Any:
        running = asyncio.create_task(functions("f", {"sleep": 1}))
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await functions.run("f", b"{}", Terms(patience=0.1))
        await running
        return json.loads(await functions.run("f", b"{}", Terms(patience=10)))["version"]

    assert with_functions(tmp_path, work, bound=1) == 1


def test_new_code_runs_at_the_next_invocation_while_the_running_one_finishes(
    tmp_path: Path,
) -> None:
    source = tmp_path / "src" / "app.py"

    async def work(functions: Functions) -> Any:
        meeting = tmp_path / "meeting"
        meeting.mkdir()
        running = asyncio.create_task(functions("f", {"meet": str(meeting), "number": 2}))
        while not list(meeting.iterdir()):
            await asyncio.sleep(0.005)
        source.write_text(CODE.replace('"version": 1', '"version": 22'))
        await functions.changed({source})
        new = await functions("f", {})
        (meeting / "go on").touch()
        return (await running)["version"], new["version"]

    assert with_functions(tmp_path, work) == (1, 22)


def test_code_that_does_not_start_says_so_in_one_line_and_heals(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "src" / "app.py"

    async def work(functions: Functions) -> Any:
        await functions("f", {})
        source.write_text("def handler(:\n")
        await functions.changed({source})
        with pytest.raises(FunctionFailed, match="SyntaxError"):
            await functions("f", {})
        source.write_text(CODE.replace('"version": 1', '"version": 333'))
        await functions.changed({source})
        return (await functions("f", {}))["version"]

    assert with_functions(tmp_path, work) == 333
    first = caplog.records[0].getMessage()
    assert first.startswith("TheFunction does not start: Runtime.UserCodeSyntaxError")
    assert "\n" not in first


def test_a_change_elsewhere_retires_nothing(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        before = await functions("f", {})
        await functions.changed({tmp_path / "other" / "app.py"})
        return before["pid"], (await functions("f", {}))["pid"]

    before, after = with_functions(tmp_path, work)
    assert before == after


def test_idle_environments_are_stopped_all_but_the_last_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "IDLE_SECONDS", 0.0)

    async def work(functions: Functions) -> Any:
        meeting = tmp_path / "meeting"
        meeting.mkdir()
        event = {"meet": str(meeting), "number": 3}
        answers = await asyncio.gather(*(functions("f", event) for _ in range(3)))
        functions.reap()
        kept = (await functions("f", {}))["pid"]
        others = {answer["pid"] for answer in answers} - {kept}
        while any(Path(f"/proc/{pid}").exists() for pid in others):
            await asyncio.sleep(0.01)
        return len(others)

    assert with_functions(tmp_path, work) == 2


def test_an_unknown_function_is_a_function_error(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        with pytest.raises(FunctionFailed, match="ResourceNotFound"):
            await functions("g", {})

    with_functions(tmp_path, work)


def test_a_cancelled_wait_leaves_no_environment_lost(tmp_path: Path) -> None:
    async def work(functions: Functions) -> Any:
        for _ in range(5):
            waiting = asyncio.create_task(functions("f", {}))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        return json.dumps(await functions("f", {}))

    assert '"version": 1' in with_functions(tmp_path, work, bound=1)
