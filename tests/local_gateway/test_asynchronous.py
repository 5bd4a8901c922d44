"""The queue of asynchronous events: delivered until they succeed or are given up, come what may."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local_gateway.asynchronous.event import QueuedEvent
from local_gateway.asynchronous.event_files import EventFiles
from local_gateway.asynchronous.queue import EventQueue
from local_gateway.asynchronous.reports import Reports
from local_gateway.clock import Clock, ManualClock, SystemClock
from local_gateway.errors import FunctionFailed
from local_gateway.faults import Faults
from local_gateway.functions.function import AsyncSettings
from tests.local_gateway.runs import PATIENCE_SECONDS, FakeQueues, FakeRuns, a_function

FAULT = FunctionFailed("KeyError", "a fault")


@contextlib.asynccontextmanager
async def queueing(
    directory: Path,
    runs: FakeRuns,
    *,
    queues: FakeQueues | None = None,
    clock: Clock | None = None,
    faults: str = "",
    waits: Sequence[float] = (0.01, 0.02),
) -> AsyncIterator[EventQueue]:
    """A queue that keeps its events in the directory."""
    clock = clock or SystemClock()
    reports = Reports(queues or FakeQueues(), clock)
    queue = EventQueue(runs, EventFiles(directory), reports, clock, Faults.parse(faults, 1), waits)
    try:
        yield queue
    finally:
        await queue.settle(0)


async def at_rest(queue: EventQueue) -> None:
    """Return once every event is done with."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while queue.busy:
            await asyncio.sleep(0.002)


def delivered(
    directory: Path, outcomes: Sequence[Any], queues: FakeQueues | None = None, **settings: Any
) -> FakeRuns:
    """What became of one event whose attempts end so."""

    async def run() -> FakeRuns:
        runs = FakeRuns(a_function(**settings), outcomes)
        async with queueing(directory, runs, queues=queues) as queue:
            queue.accept("job", b'{"n": 1}')
            await at_rest(queue)
        return runs

    return asyncio.run(run())


def test_an_event_that_succeeds_is_delivered_once_and_forgotten(tmp_path: Path) -> None:
    runs = delivered(tmp_path, ["done"])
    assert runs.events == [{"n": 1}]
    assert EventFiles(tmp_path).all() == []


def test_an_event_that_fails_is_tried_twice_more_under_the_same_request_id(
    tmp_path: Path,
) -> None:
    runs = delivered(tmp_path, [FAULT, FAULT, FAULT, "never"])
    assert runs.events == [{"n": 1}] * 3
    assert len(set(runs.request_ids)) == 1
    assert EventFiles(tmp_path).all() == []


def test_a_retry_that_succeeds_is_the_last(tmp_path: Path) -> None:
    queues = FakeQueues()
    runs = delivered(tmp_path, [FAULT, "done"], queues, dead_letters="dead", on_success="good")
    assert len(runs.events) == 2
    [(arn, record, _)] = queues.sent
    assert arn == "good"
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert record["responsePayload"] == "done"


@pytest.mark.parametrize("retries", [0, 1])
def test_the_templates_number_of_retries_is_kept(tmp_path: Path, retries: int) -> None:
    assert len(delivered(tmp_path, [FAULT] * 9, max_retries=retries).events) == retries + 1


def test_the_waits_are_a_minute_and_two() -> None:
    event = QueuedEvent("k", "r", "job", "{}", 1000.0, 1000.0)
    once = event.failed({}, 1010.0)
    twice = once.failed({}, 1100.0)
    assert (once.due, twice.due) == (1070.0, 1220.0)
    assert twice.given_up(AsyncSettings(), 1220.0) is None
    assert twice.failed({}, 1300.0).given_up(AsyncSettings(), 1300.0) == "RetriesExhausted"


def test_what_is_given_up_goes_to_the_dead_letters_and_the_destination(tmp_path: Path) -> None:
    queues = FakeQueues()
    runs = delivered(tmp_path, [FAULT] * 3, queues, dead_letters="dead", on_failure="failed")
    dead, failed = queues.sent
    attributes = {
        "RequestID": runs.request_ids[0],
        "ErrorCode": "200",
        "ErrorMessage": "a fault",
    }
    assert dead == ("dead", {"n": 1}, attributes)
    arn, record, _ = failed
    assert arn == "failed"
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": runs.request_ids[0],
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:job:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"n": 1},
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": {"errorMessage": "a fault", "errorType": "KeyError"},
    }


def test_a_dead_letter_holds_one_kilobyte_of_the_error(tmp_path: Path) -> None:
    queues = FakeQueues()
    long = FunctionFailed("KeyError", "ü" * 2000)
    delivered(tmp_path, [long], queues, max_retries=0, dead_letters="dead")
    assert queues.sent[0][2]["ErrorMessage"] == "ü" * 512


def test_a_record_that_reaches_no_queue_is_said_and_the_event_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    delivered(tmp_path, [FAULT], FakeQueues(broken=True), max_retries=0, dead_letters="dead")
    assert "A record of an event is lost: there is no such queue" in caplog.messages
    assert EventFiles(tmp_path).all() == []


def test_an_event_too_old_is_given_up_untried(tmp_path: Path) -> None:
    queues, clock = FakeQueues(), ManualClock()

    async def run() -> FakeRuns:
        runs = FakeRuns(a_function(max_age=60.0, on_failure="failed"))
        async with queueing(tmp_path, runs, clock=clock) as queue:
            queue.accept("job", b"{}")
        clock.advance(60)
        async with queueing(tmp_path, runs, clock=clock, queues=queues) as queue:
            queue.resume()
            await at_rest(queue)
        return runs

    assert asyncio.run(run()).events == []
    record = queues.sent[0][1]
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responsePayload" not in record


def test_an_event_waits_for_an_environment_no_longer_than_it_may_grow_old(tmp_path: Path) -> None:
    queues, clock = FakeQueues(), ManualClock()

    async def run() -> FakeRuns:
        runs = FakeRuns(a_function(max_age=60.0, on_failure="failed"), [TimeoutError()])
        runs.gate.clear()
        async with queueing(tmp_path, runs, clock=clock, queues=queues) as queue:
            queue.accept("job", b"{}")
            await runs.came(1)
            clock.advance(60)
            runs.gate.set()
            await at_rest(queue)
        return runs

    assert asyncio.run(run()).terms[0].patience == 60
    assert queues.sent[0][1]["requestContext"]["condition"] == "EventAgeExceeded"


def test_a_retry_due_after_the_events_age_is_not_waited_for() -> None:
    settings = AsyncSettings(max_age=90.0)
    event = QueuedEvent("k", "r", "job", "{}", 0.0, 0.0).failed({}, 10.0).failed({}, 75.0)
    assert event.wakes(settings) == 90.0
    assert event.given_up(settings, 90.0) == "EventAgeExceeded"


def test_what_was_accepted_goes_on_after_the_gateways_end(tmp_path: Path) -> None:
    async def run() -> tuple[FakeRuns, FakeRuns]:
        before, after = FakeRuns(a_function()), FakeRuns(a_function())
        before.gate.clear()
        async with queueing(tmp_path, before) as queue:
            for number in range(3):
                queue.accept("job", json.dumps(number).encode())
            await before.came(3)
        async with queueing(tmp_path, after) as queue:
            queue.resume()
            await at_rest(queue)
        return before, after

    before, after = asyncio.run(run())
    assert sorted(after.events) == [0, 1, 2]
    assert sorted(after.request_ids) == sorted(before.request_ids)
    assert EventFiles(tmp_path).all() == []


def test_attempts_count_across_a_restart(tmp_path: Path) -> None:
    async def run() -> FakeRuns:
        runs = FakeRuns(a_function(), [FAULT] * 5)
        async with queueing(tmp_path, runs, waits=(600.0,)) as queue:
            queue.accept("job", b"{}")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while EventFiles(tmp_path).all()[0].attempts == 0:
                    await asyncio.sleep(0.002)
        [kept] = EventFiles(tmp_path).all()
        EventFiles(tmp_path).put(replace(kept, due=0.0))
        async with queueing(tmp_path, runs) as queue:
            queue.resume()
            await at_rest(queue)
        return runs

    assert len(asyncio.run(run()).events) == 3


def test_at_the_end_what_runs_may_finish_and_the_rest_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    async def run() -> FakeRuns:
        runs = FakeRuns(a_function(), ["done", FAULT, "done"])
        async with queueing(tmp_path, runs, waits=(600.0,)) as queue:
            queue.accept("job", b"1")
            await runs.came(1)
            runs.gate.clear()
            queue.accept("job", b"2")  # fails, and waits for its retry
            queue.accept("job", b"3")  # is at work
            await runs.came(3)
            asyncio.get_running_loop().call_later(0.05, runs.gate.set)
            await queue.settle(10)
            queue.accept("job", b"4")  # comes too late, and yet is kept
        return runs

    runs = asyncio.run(run())
    assert runs.events == [1, 2, 3]
    assert [event.body for event in EventFiles(tmp_path).all()] == ["2", "4"]
    assert "1 asynchronous events are kept for the next start" in caplog.messages


def test_at_the_end_no_retry_begins_any_more(tmp_path: Path) -> None:
    async def run() -> FakeRuns:
        runs = FakeRuns(a_function(), [FAULT])
        async with queueing(tmp_path, runs, waits=(0.1,)) as queue:
            queue.accept("job", b"1")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while EventFiles(tmp_path).all()[0].attempts == 0:
                    await asyncio.sleep(0.002)
            runs.gate.clear()
            queue.accept("job", b"2")
            await runs.came(2)
            asyncio.get_running_loop().call_later(0.3, runs.gate.set)
            await queue.settle(10)
        return runs

    assert asyncio.run(run()).events == [1, 2]
    assert [event.body for event in EventFiles(tmp_path).all()] == ["1"]


def test_an_event_whose_function_is_gone_is_dropped(tmp_path: Path) -> None:
    EventFiles(tmp_path).put(QueuedEvent("k", "r", "other", "{}", 0.0, 0.0))

    async def run() -> FakeRuns:
        runs = FakeRuns(a_function())
        async with queueing(tmp_path, runs) as queue:
            queue.resume()
            await at_rest(queue)
        return runs

    assert asyncio.run(run()).events == []
    assert EventFiles(tmp_path).all() == []


def test_a_file_cut_short_disturbs_no_other(tmp_path: Path) -> None:
    files = EventFiles(tmp_path)
    events = [QueuedEvent(f"k{n}", "r", "job", '"ü\\n"', 10.0 - n, 0.0) for n in range(3)]
    for event in events:
        files.put(event)
    (tmp_path / "k1.json").write_text('{"key": "k')
    (tmp_path / "k9.partial").write_text("{")
    assert EventFiles(tmp_path).all() == [events[2], events[0]]


def faulty(directory: Path, faults: str, events: int, check: Callable[[FakeRuns], Any]) -> Any:
    async def run() -> Any:
        runs = FakeRuns(a_function())
        async with queueing(directory, runs, faults=faults) as queue:
            for number in range(events):
                queue.accept("job", str(number).encode())
            await at_rest(queue)
        return check(runs)

    return asyncio.run(run())


def test_an_event_may_come_two_or_three_times(tmp_path: Path) -> None:
    counts = faulty(
        tmp_path,
        "duplicate_event=1",
        50,
        lambda runs: {runs.events.count(number) for number in range(50)},
    )
    assert counts == {2, 3}


def test_an_event_may_come_late_and_out_of_order(tmp_path: Path) -> None:
    events = faulty(tmp_path, "delay_event=1:0.2", 20, lambda runs: runs.events)
    assert events != sorted(events)
    assert sorted(events) == list(range(20))


def test_a_worker_may_be_killed_at_some_moment(tmp_path: Path) -> None:
    moments = faulty(
        tmp_path, "kill_worker=0.5:3", 50, lambda runs: [t.killed_after for t in runs.terms]
    )
    some = [moment for moment in moments if moment is not None]
    assert 10 < len(some) < 40
    assert 0 <= min(some) < 1
    assert 2 < max(some) <= 3
