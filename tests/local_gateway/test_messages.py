"""Messages: concurrency, answers, errors, time-outs and misbehaviour."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from local_gateway.assumptions import Assumptions
from local_gateway.clock import ManualClock
from local_gateway.faults import Faults
from local_gateway.websocket.api import Throttle
from tests.local_gateway.front import (
    FakeFunctions,
    RawClient,
    an_api,
    as_json,
    client_frame,
    failing,
    routes,
    serving,
)
from tests.local_gateway.runs import PATIENCE_SECONDS


def answer_to(message: str, **options: Any) -> Any:
    """The frame that answers a message; None where there is none."""

    async def run() -> Any:
        async with serving(**options) as front, front.connect(autoping=False) as socket:
            await socket.send_str(message)
            # Once the pong is here the message has been taken, and once nothing runs it is done.
            await socket.ping()
            texts = await texts_until(socket, aiohttp.WSMsgType.PONG)
            await front.functions.came_to_rest(front)
            await socket.ping()
            texts += await texts_until(socket, aiohttp.WSMsgType.PONG)
            return json.loads(texts[0]) if texts else None

    return asyncio.run(run())


async def texts_until(socket: Any, kind: aiohttp.WSMsgType) -> list[str]:
    texts = []
    while (message := await socket.receive(timeout=PATIENCE_SECONDS)).type is not kind:
        texts.append(message.data)
    return texts


def test_messages_of_one_connection_run_at_the_same_time() -> None:
    async def run() -> int:
        together = asyncio.Barrier(20)

        async def meet(event: Any) -> Any:
            await together.wait()  # passes only once all twenty are here
            return {"statusCode": 200}

        async with serving(FakeFunctions(echo=meet)) as front, front.connect() as socket:
            for _ in range(20):
                await socket.send_str(as_json(action="echo"))
            events = await front.functions.wait_for("echo", 20)
            return len({event["requestContext"]["messageId"] for event in events})

    assert asyncio.run(run()) == 20


def test_a_message_goes_to_the_function_of_its_route() -> None:
    async def run() -> list[str]:
        async with serving() as front, front.connect() as socket:
            await socket.send_str(as_json(action="echo"))
            await socket.send_str(as_json(action="else"))
            echo = (await front.functions.wait_for("echo"))[0]["requestContext"]
            other = (await front.functions.wait_for("any"))[0]["requestContext"]
            assert echo["connectedAt"] == other["connectedAt"]
            assert echo["connectionId"] == other["connectionId"]
            return [echo["routeKey"], other["routeKey"]]

    assert asyncio.run(run()) == ["echo", "$default"]


def test_the_body_that_a_function_returns_never_reaches_the_client() -> None:
    functions = FakeFunctions(any={"statusCode": 200, "body": "for nobody"})
    assert answer_to("x", functions=functions) is None


def test_without_a_default_route_the_answer_is_the_forbidden_frame_and_the_connection_stays() -> (
    None
):
    frame = answer_to("x", api=an_api(routes=routes("$connect", "$disconnect", "echo")))
    assert set(frame) == {"message", "connectionId", "requestId"}
    assert frame["message"] == "Forbidden"


@pytest.mark.parametrize("answer", [failing("a fault"), None, "text", {}, {"body": "x"}, 7])
def test_a_function_that_fails_or_answers_nothing_usable_makes_an_internal_server_error(
    answer: Any,
) -> None:
    frame = answer_to("x", functions=FakeFunctions(any=answer))
    assert frame["message"] == "Internal server error"


def test_whether_a_non_2xx_answer_matters_is_an_assumption() -> None:
    functions = FakeFunctions(any={"statusCode": 500})
    assert answer_to("x", functions=functions) is None
    matters = Assumptions(message_status_matters=True)
    frame = answer_to("x", functions=functions, assumptions=matters)
    assert frame["message"] == "Internal server error"


def test_a_function_that_takes_too_long_goes_on_running_while_the_client_is_told() -> None:
    async def run() -> tuple[str, bool]:
        told, finished = asyncio.Event(), asyncio.Event()

        async def slow(event: Any) -> Any:
            await told.wait()
            finished.set()
            return {"statusCode": 200}

        api = an_api(routes={**routes("$connect"), **routes("$default", timeout=0.05)})
        functions = FakeFunctions(default=slow)
        async with serving(functions, api) as front, front.connect() as socket:
            await socket.send_str("x")
            frame = json.loads(await socket.receive_str(timeout=PATIENCE_SECONDS))
            running = not finished.is_set()
            told.set()
            await asyncio.wait_for(finished.wait(), PATIENCE_SECONDS)
            return frame["message"], running

    assert asyncio.run(run()) == ("Endpoint request timed out", True)


def test_whether_messages_carry_the_authorizer_is_an_assumption() -> None:
    async def context(assumptions: Assumptions) -> Any:
        async with serving(assumptions=assumptions) as front, front.connect() as socket:
            await socket.send_str("x")
            return (await front.functions.wait_for("any"))[0]["requestContext"]

    assert asyncio.run(context(Assumptions()))["authorizer"]["userId"] == "u1"
    bare = asyncio.run(context(Assumptions(authorizer_on_message=False)))
    assert "authorizer" not in bare


def test_a_policy_may_be_looked_at_again_for_each_message() -> None:
    only_connect = {
        "principalId": "someone",
        "policyDocument": {
            "Statement": {"Action": "*", "Effect": "Allow", "Resource": "*/$connect"}
        },
    }
    functions = FakeFunctions(authorizer=only_connect)
    assert answer_to("x", functions=functions) is None
    strict = Assumptions(policy_per_message=True)
    frame = answer_to("x", functions=functions, assumptions=strict)
    assert frame["message"] == "Forbidden"


def test_more_messages_than_the_stage_allows_get_a_429_frame() -> None:
    async def run() -> list[str]:
        api = an_api(messages=Throttle(rate=1, burst=2))
        async with serving(api=api) as front, front.connect() as socket:
            for _ in range(3):
                await socket.send_str("x")
            frame = json.loads(await socket.receive_str(timeout=PATIENCE_SECONDS))
            return [frame["message"], str(len(await front.functions.wait_for("any", 2)))]

    assert asyncio.run(run()) == ["Too Many Requests", "2"]


def test_a_duplicated_message_is_two_invocations_of_one_body() -> None:
    async def run() -> list[Any]:
        faults = Faults.parse("duplicate=1")
        async with serving(faults=faults) as front, front.connect() as socket:
            await socket.send_str("x")
            return await front.functions.wait_for("any", 2)

    first, second = asyncio.run(run())
    assert first["body"] == second["body"] == "x"


def test_reordering_lets_later_messages_overtake_and_loses_none() -> None:
    async def run(seed: int) -> list[str]:
        faults = Faults.parse("reorder=0.5:0.05", seed)
        async with serving(faults=faults) as front, front.connect() as socket:
            for number in range(30):
                await socket.send_str(str(number))
            return [event["body"] for event in await front.functions.wait_for("any", 30)]

    order = asyncio.run(run(7))
    assert order != [str(number) for number in range(30)]
    assert sorted(order, key=int) == [str(number) for number in range(30)]


@pytest.mark.parametrize(("kind", "invocations"), [("fail", 0), ("fail_after", 1)])
def test_a_failure_before_the_function_and_one_after_it_look_alike_to_the_client(
    kind: str, invocations: int
) -> None:
    functions = FakeFunctions()
    frame = answer_to("x", functions=functions, faults=Faults.parse(f"{kind}=1"))
    assert frame["message"] == "Internal server error"
    assert len(functions.of("any")) == invocations


def disconnects(text: str) -> list[Any]:
    async def run() -> list[Any]:
        async with serving(faults=Faults.parse(text)) as front:
            async with front.connect():
                pass
            async with asyncio.timeout(PATIENCE_SECONDS):
                while front.plane.connections:
                    await asyncio.sleep(0.005)
            await front.functions.came_to_rest(front)
            return front.functions.of("disconnect")

    return asyncio.run(run())


def test_a_disconnect_can_be_lost_doubled_or_late() -> None:
    assert len(disconnects("lose_disconnect=0")) == 1
    assert disconnects("lose_disconnect=1") == []
    assert len(disconnects("duplicate_disconnect=1")) == 2
    assert len(disconnects("delay_disconnect=1:0.1")) == 1


def test_nobody_notices_that_a_half_open_connection_is_dead_until_it_has_idled() -> None:
    async def run() -> tuple[int, int, Any]:
        clock = ManualClock()
        faults = Faults.parse("half_open=1:0")
        async with serving(faults=faults, clock=clock) as front:
            client = await RawClient.upgraded(front.port)
            connection = await front.only_connection()
            client.send(client_frame(b"lost"))
            client.reset()
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not connection.link.broken:
                    await asyncio.sleep(0.005)
            status = front.plane.post(connection.id, "lost as well")
            live = len(front.plane.connections)
            clock.advance(600)
            front.plane.sweep()
            events = await front.functions.wait_for("disconnect")
            assert front.functions.of("any") == []
            return status, live, events[0]["requestContext"]["disconnectStatusCode"]

    assert asyncio.run(run()) == (200, 1, 1001)
