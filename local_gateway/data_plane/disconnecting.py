"""``$disconnect``: once, after the end, best effort."""

import asyncio

from local_gateway.data_plane.connection import Connection
from local_gateway.data_plane.stage import Stage
from local_gateway.websocket.closing import LOST, Close
from local_gateway.websocket.events import disconnect_event


async def run_disconnect(stage: Stage, connection: Connection, close: Close) -> None:
    """Tell ``$disconnect`` how the connection ended; what the function answers changes nothing."""
    route = stage.api.routes.get("$disconnect")
    plan = stage.faults.for_disconnect()
    if route is None:
        return
    if plan.delay:
        await asyncio.sleep(plan.delay)
    event = disconnect_event(
        stage.api,
        connection.facts,
        stage.new_id(),
        stage.now(),
        code=stage.assumptions.lost_code if close.code == LOST.code else close.code,
        reason=close.reason,
        authorizer=stage.assumptions.authorizer_on_disconnect,
    )
    runs = [stage.invocations.result(route, event) for _ in range(plan.copies)]
    await asyncio.gather(*runs, return_exceptions=True)
