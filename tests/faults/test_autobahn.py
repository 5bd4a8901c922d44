"""Row 36: Autobahn's cases, against the gateway's own sockets with a function that says all again.

Not among them are performance (9) and compression (12 and 13), which API Gateway does not offer.
"""

import asyncio
from typing import Any

import kosoku
import pytest

from local_gateway.http.framing import Framing
from tests.local_gateway.front import FakeFunctions, serving
from tests.support.fault_report import Rows

CASES = 247
LEFT_OUT = ["9.*", "12.*", "13.*"]
AT_ONCE = 4
LIMIT = 2**20
"""Of frames and messages: the cases send more than API Gateway takes."""

BINARY = {f"1.2.{number}" for number in range(1, 9)}
"""What sends binary frames, which API Gateway does not take: closed with 1003."""


async def results() -> list[Any]:
    """What has come of every case."""

    async def echo(event: dict[str, Any]) -> dict[str, int]:
        front.plane.post(event["requestContext"]["connectionId"], event["body"])
        return {"statusCode": 200}

    async with serving(FakeFunctions(any=echo)) as front:
        url = f"ws://127.0.0.1:{front.port}/prod"
        try:
            return await kosoku.run_fuzzingclient(url, None, LEFT_OUT, AT_ONCE)
        except kosoku.FailureError as failure:
            assert await front.status() == 101
            return failure.results


def test_every_case_of_autobahn_ends_as_rfc_6455_and_api_gateway_want_it(
    row: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local_gateway.http.wire.Framing", lambda: Framing(LIMIT, LIMIT))
    with row(36) as run:
        found = asyncio.run(results())
        run.inject(len(found))
        refused = {each.case_id: each.remote_close_code for each in found if not each.passed}
        assert len(found) == CASES
        assert refused == dict.fromkeys(BINARY, 1003)
