"""Start, watch and stop the engine's process."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import aiohttp

from local_gateway.engine.persistence import SAVE_PATH
from local_gateway.engine.port import bind_again
from local_gateway.errors import EngineCrashed, StartupError

START_SECONDS = 90.0
STOP_SECONDS = 60.0
_PROJECT = Path(__file__).resolve().parents[2]


class Engine:
    """The embedded AWS of one DATA_DIR, on a free loopback port."""

    def __init__(self, directory: Path, region: str) -> None:
        self._directory = directory
        self._region = region
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self.log = directory / "engine.log"
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, gateway_url: str = "") -> None:
        """Start it and wait until it answers; raise StartupError with the reason if it does not.

        Its event sources and schedules invoke functions at ``gateway_url``, if one is given.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        # The same port as last time where it is free: addresses in the kept state stay true.
        note = self._directory / "engine.json"
        listening = bind_again(note)
        self.port = listening.getsockname()[1]
        with listening, self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "local_gateway.engine.process",
                str(listening.fileno()),
                str(self._directory),
                gateway_url,
                env=self._environment(),
                # The engine ends when this pipe does, that is with the gateway, however it ends.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[listening.fileno()],
                start_new_session=True,
            )
        note.write_text(json.dumps({"port": self.port, "pid": self.pid}))
        await self._until_ready()

    async def save(self) -> None:
        """Have the whole state written to disk now."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url + SAVE_PATH) as response,
        ):
            response.raise_for_status()

    async def crashed(self) -> None:
        """Wait; raise EngineCrashed once the engine has ended by itself."""
        assert self._process is not None
        code = await self._process.wait()
        if self._stopping:
            await asyncio.Event().wait()
        said = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise EngineCrashed(f"the engine ended with {said}; see {self.log}")

    async def stop(self) -> None:
        """Stop it and wait until it has saved."""
        self._stopping = True
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
        return {
            **kept,
            "PYTHONPATH": str(_PROJECT),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._directory),
            "MINISTACK_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            # Neither is used here, and both would open ports of their own.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # No containers: functions run in the gateway's own workers.
            "DOCKER_HOST": "unix:///nonexistent",
            "LOG_LEVEL": "WARNING",
        }

    async def _until_ready(self) -> None:
        assert self._process is not None
        ended = asyncio.create_task(self._process.wait())
        ready = asyncio.create_task(self._poll())
        try:
            await asyncio.wait(
                {ended, ready}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if not ready.done():
                raise StartupError(f"the engine does not start: {self._last_words()}")
        finally:
            ended.cancel()
            ready.cancel()

    async def _poll(self) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(self.url + "/_ministack/ready") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.02)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f"{lines[-1].strip()} (see {self.log})" if lines else f"see {self.log}"
