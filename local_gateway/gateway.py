"""The whole local gateway, put together; for the command line and for tests."""

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import Coroutine
from types import TracebackType
from typing import Any

from local_gateway import aws, data_dir
from local_gateway.asynchronous.destinations import SqsDestinations
from local_gateway.asynchronous.event_files import EventFiles
from local_gateway.asynchronous.queue import EventQueue
from local_gateway.asynchronous.reports import Reports
from local_gateway.aws import Endpoint
from local_gateway.clock import Clock, SystemClock
from local_gateway.data_plane.plane import DataPlane
from local_gateway.deployment import notice, tables, template
from local_gateway.deployment.deployment import Deployment, deploy
from local_gateway.deployment.parameters import parameter_values
from local_gateway.deployment.stack import Stack
from local_gateway.engine.engine import Engine
from local_gateway.errors import StartupError
from local_gateway.functions.reload import watch
from local_gateway.functions.service import Functions, Surroundings
from local_gateway.functions.variables import shared_variables
from local_gateway.http.front_door import FrontDoor
from local_gateway.http.lambda_api import LambdaApi
from local_gateway.http.loopback import bind
from local_gateway.settings import Settings

log = logging.getLogger("local_gateway")

PAGE_CONFIG = "PageConfig"
"""The template's output that the page finds as config.json."""

SWEEP_SECONDS = 0.5
FAREWELL_SECONDS = 5.0


class LocalGateway:
    """Engine, functions, data plane and front door. Use as an asynchronous context manager.

    Entering raises StartupError, with everything that was started stopped again.
    """

    plane: DataPlane
    functions: Functions
    events: EventQueue

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.port = settings.port
        self.region = aws.region(os.environ, settings.other_dynamodb is not None)
        self.engine = Engine(settings.data_dir / "engine", self.region)
        self._clock = clock or SystemClock()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "LocalGateway":
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    async def failed(self) -> None:
        """Wait; raise EngineCrashed when the engine is lost."""
        await self.engine.crashed()

    # Every step pushes what undoes it, so that the end is the start backwards.

    async def _start(self) -> None:
        settings = self.settings
        self._stack.callback(data_dir.own(settings.data_dir).close)
        notice.take_down(settings.data_dir)  # that of a gateway which was killed
        sockets = self._bind()
        deployment = await self._deploy()
        self._make_functions(deployment)
        self.plane = DataPlane(
            deployment.api, self.functions, self._clock, settings.faults, settings.assumptions
        )
        await self._use_other_dynamodb(deployment.stack)
        log.info("Starting %d functions", len(deployment.functions))
        await self.functions.prewarm()
        self._in_background(self._sweep())
        if settings.reload:
            stop = asyncio.Event()
            dirs = [function.code_dir for function in deployment.functions]
            self._in_background(watch(self.functions, dirs, stop))
            self._stack.callback(stop.set)
        self._make_queue()
        await self._listen(sockets, deployment.stack)
        self.events.resume()
        self._put_up_notice(deployment)

    def _bind(self) -> list[socket.socket]:
        sockets = bind(self.settings.port)
        for bound in sockets:
            self._stack.callback(bound.close)
        self.port = sockets[0].getsockname()[1]
        return sockets

    async def _deploy(self) -> Deployment:
        # What is wrong with the template itself needs no engine to be said.
        wanted = template.load(self.settings.template)
        parameters = parameter_values(wanted, self.settings.overrides)
        log.info("Starting the embedded AWS (state in %s)", self.settings.data_dir)
        self._stack.push_async_callback(self._stop_engine)
        await self.engine.start(self._loopback_url)
        log.info("Deploying %s", self.settings.template)
        deployment = await asyncio.to_thread(deploy, self._endpoint, wanted, parameters)
        await self.engine.save()
        return deployment

    async def _stop_engine(self) -> None:
        log.info("Saving")
        await self.engine.stop()

    @property
    def _loopback_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def _endpoint(self) -> Endpoint:
        return Endpoint(self.engine.url, self.region)

    def _make_functions(self, deployment: Deployment) -> None:
        settings = self.settings
        other = settings.other_dynamodb
        variables = shared_variables(
            self.region,
            self.engine.url,
            self._loopback_url,
            deployment.api.stage,
            aws.credentials(os.environ, other is not None),
        )
        variables |= settings.variables
        if other is not None:
            variables["AWS_ENDPOINT_URL_DYNAMODB"] = other
        surroundings = Surroundings(
            variables, settings.data_dir / "logs", settings.verbose, settings.python
        )
        self.functions = Functions(deployment.functions, surroundings, settings.concurrency)
        self._stack.push_async_callback(self.functions.stop)

    def _make_queue(self) -> None:
        settings = self.settings
        self.events = EventQueue(
            self.functions,
            EventFiles(settings.data_dir / "events"),
            Reports(SqsDestinations(self._endpoint, self.engine.save), self._clock),
            self._clock,
            settings.faults,
            settings.retry_waits,
        )

    async def _use_other_dynamodb(self, stack: Stack) -> None:
        if self.settings.other_dynamodb is None:
            return
        other = Endpoint(self.settings.other_dynamodb, self.region)
        log.info("Using the DynamoDB at %s", other.url)
        for name in await asyncio.to_thread(tables.create_missing, self._endpoint, other, stack):
            log.info("Created table %s there", name)

    async def _listen(self, sockets: list[socket.socket], stack: Stack) -> None:
        try:
            page_config = json.loads(stack.outputs.get(PAGE_CONFIG, "{}"))
        except ValueError as failure:
            raise StartupError(f"output {PAGE_CONFIG} is not JSON: {failure}") from None
        door = FrontDoor(
            self.plane,
            self.settings.page_dir,
            self.port,
            page_config,
            LambdaApi(self.functions, self.events),
        )
        self._stack.push_async_callback(self._take_leave, door)
        await door.listen(sockets)

    def _put_up_notice(self, deployment: Deployment) -> None:
        directory = self.settings.data_dir
        self._stack.callback(notice.take_down, directory)
        notice.put_up(
            directory,
            {
                "region": self.region,
                "engine": self.engine.url,
                "dynamodb": self.settings.other_dynamodb or self.engine.url,
                "connectionsEndpoint": f"{self._loopback_url}/{deployment.api.stage}",
                "tables": tables.names(deployment.stack),
                "pushQueue": deployment.stack.outputs.get("PushQueueUrl", ""),
                "functions": self._loopback_url,
                "userDataFunction": deployment.stack.outputs.get("UserDataFunctionName", ""),
                "broadcastQueue": deployment.stack.outputs.get("BroadcastQueueUrl", ""),
            },
        )

    async def _take_leave(self, door: FrontDoor) -> None:
        await door.take_leave()
        # Without the engine the functions could do nothing but time out.
        seconds = FAREWELL_SECONDS if self.engine.alive else 0
        await asyncio.gather(self.plane.invocations.settle(seconds), self.events.settle(seconds))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.plane.sweep()
            self.functions.reap()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self._stack.push_async_callback(_cancelled, asyncio.create_task(work))


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
