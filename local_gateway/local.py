"""The whole local gateway, put together; for the command line and for tests."""

import asyncio
import contextlib
import fcntl
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from local_gateway import aws, control_plane, tables
from local_gateway.api import Function, WebSocketApi
from local_gateway.assumptions import Assumptions
from local_gateway.clock import Clock, SystemClock
from local_gateway.deployment import Stack, deploy
from local_gateway.engine.engine import Engine
from local_gateway.errors import StartupError
from local_gateway.faults import Faults
from local_gateway.functions.service import Functions, Surroundings
from local_gateway.gateway import DataPlane
from local_gateway.http.server import FrontDoor, bind
from local_gateway.reload import watch
from local_gateway.websocket.closing import GOING_AWAY

log = logging.getLogger("local_gateway")

PROJECT = Path(__file__).resolve().parent.parent
SWEEP_SECONDS = 0.5
FAREWELL_SECONDS = 5.0


@dataclass(frozen=True)
class Settings:
    """How to run the gateway; the defaults are those of ``make run``."""

    template: Path = PROJECT / "template.yaml"
    page_dir: Path = PROJECT / "web-client"
    data_dir: Path = PROJECT / ".parley"
    port: int = 8080
    overrides: Mapping[str, str] = field(default_factory=dict)
    other_dynamodb: str | None = None
    concurrency: int = 8
    faults: Faults = field(default_factory=Faults)
    assumptions: Assumptions = field(default_factory=Assumptions)
    verbose: bool = False
    reload: bool = True
    # Variables that every function gets beside the template's; for tests.
    variables: Mapping[str, str] = field(default_factory=dict)


class LocalGateway:
    """Engine, functions, data plane and front door. Use as an asynchronous context manager.

    Entering raises StartupError, with everything that was started stopped again.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        own = settings.other_dynamodb is not None
        self.region = aws.region(os.environ, own)
        self.engine = Engine(settings.data_dir / "engine", self.region)
        self.port = settings.port
        self.plane: DataPlane
        self.functions: Functions
        self._stack = contextlib.AsyncExitStack()
        self._stopped = asyncio.Event()

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

    @property
    def socket_url(self) -> str:
        return f"ws://localhost:{self.port}/{self.plane.api.stage}"

    async def failed(self) -> None:
        """Wait; raise EngineCrashed when the engine is lost."""
        await self.engine.crashed()

    # Every step pushes what undoes it, so that the end is the start backwards.

    async def _start(self) -> None:
        self._own_data_dir()
        sockets = self._bind()
        await self._start_engine()
        stack, api, functions = await self._deploy()
        self._start_functions(api, functions)
        self.plane = DataPlane(
            api,
            self.functions,
            self._clock,
            self.settings.faults,
            self.settings.assumptions,
        )
        await self._use_other_dynamodb(stack)
        log.info("Starting %d functions", len(functions))
        await self.functions.prewarm()
        self._in_background(self._sweep)
        if self.settings.reload:
            dirs = [function.code_dir for function in functions]
            self._in_background(lambda: watch(self.functions, dirs, self._stopped))
        await self._listen(sockets)

    def _own_data_dir(self) -> None:
        directory = self.settings.data_dir
        try:
            directory.mkdir(parents=True, exist_ok=True)
            lock: IO[Any] = (directory / "gateway.lock").open("a")
        except OSError as failure:
            raise StartupError(f"DATA_DIR {directory}: {failure.strerror}") from None
        self._stack.callback(lock.close)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartupError(
                f"DATA_DIR {directory} is in use by another gateway; stop it or choose another"
            ) from None

    def _bind(self) -> list[socket.socket]:
        sockets = bind(self.settings.port)
        for bound in sockets:
            self._stack.callback(bound.close)
        self.port = sockets[0].getsockname()[1]
        return sockets

    async def _start_engine(self) -> None:
        log.info("Starting the embedded AWS (state in %s)", self.settings.data_dir)
        self._stack.push_async_callback(self._stop_engine)
        await self.engine.start()

    async def _stop_engine(self) -> None:
        log.info("Saving")
        await self.engine.stop()

    async def _deploy(self) -> tuple[Stack, WebSocketApi, list[Function]]:
        settings = self.settings
        log.info("Deploying %s", settings.template)
        where = (self.engine.url, self.region)
        stack = await asyncio.to_thread(deploy, *where, settings.template, settings.overrides)
        await asyncio.to_thread(tables.set_lifetimes, *where, stack)
        functions = await asyncio.to_thread(control_plane.read_functions, *where, stack)
        names = {function.name for function in functions}
        api = await asyncio.to_thread(control_plane.read_api, *where, stack, names)
        await self.engine.save()
        return stack, api, functions

    def _start_functions(self, api: WebSocketApi, functions: list[Function]) -> None:
        surroundings = Surroundings(
            variables=self._variables(api),
            log_dir=self.settings.data_dir / "logs",
            verbose=self.settings.verbose,
        )
        self.functions = Functions(functions, surroundings, self.settings.concurrency)
        self._stack.push_async_callback(self.functions.stop)

    def _variables(self, api: WebSocketApi) -> dict[str, str]:
        other = self.settings.other_dynamodb
        variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.engine.url,
            "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": (
                f"http://127.0.0.1:{self.port}/{api.stage}"
            ),
            # Nothing of the user's own AWS may leak in.
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **aws.credentials(os.environ, other is not None),
            **self.settings.variables,
        }
        if other is not None:
            variables["AWS_ENDPOINT_URL_DYNAMODB"] = other
        return variables

    async def _use_other_dynamodb(self, stack: Stack) -> None:
        other = self.settings.other_dynamodb
        if other is None:
            return
        log.info("Using the DynamoDB at %s", other)
        where = (self.engine.url, other, self.region)
        for name in await asyncio.to_thread(tables.create_missing, *where, stack):
            log.info("Created table %s there", name)

    async def _listen(self, sockets: list[socket.socket]) -> None:
        door = FrontDoor(self.plane, self.settings.page_dir, self.port)
        self._stack.push_async_callback(self._take_leave, door)
        await door.listen(sockets)

    async def _take_leave(self, door: FrontDoor) -> None:
        for connection in list(self.plane.connections.values()):
            self.plane.close(connection, GOING_AWAY)
        await door.close()
        for connection in list(self.plane.connections.values()):
            self.plane.closed(connection, GOING_AWAY)
        # Without the engine the functions could do nothing but time out.
        await self.plane.settle(FAREWELL_SECONDS if self.engine.alive else 0)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.plane.sweep()
            self.functions.reap()

    def _in_background(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await work()

        task = asyncio.create_task(run())

        async def stop() -> None:
            self._stopped.set()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(stop)
