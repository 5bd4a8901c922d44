"""The engine's own process: MiniStack served on a socket that the gateway bound for it.

Run as ``python -m local_gateway.engine.process LISTENING_FD STATE_DIR GATEWAY_URL``. It ends,
saving, when its standard input ends: whatever happens to the gateway, the engine goes with it and
loses nothing.
"""

import asyncio
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from local_gateway.aws import Endpoint
from local_gateway.engine.forwarding import Forwarding
from local_gateway.engine.persistence import PersistentEngine

_LOCK_SECONDS = 60.0


def main() -> None:
    """Serve until told to stop."""
    listening, state_dir, gateway_url = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    _lock(state_dir / "lock")
    if gateway_url:
        _forward(gateway_url)
    asyncio.run(_serve(PersistentEngine(state_dir), listening))


def _forward(gateway_url: str) -> None:
    # Before the state is read: with it come event sources, which begin to poll at once.
    from ministack.services import lambda_svc

    region = os.environ["AWS_DEFAULT_REGION"]
    Forwarding(Endpoint(gateway_url, region)).begin(lambda_svc)


def _lock(path: Path) -> int:
    """Wait for an earlier engine of this directory to finish saving, then take its place."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                sys.exit("another engine still holds this state")
            time.sleep(0.05)


async def _serve(engine: PersistentEngine, listening: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listening}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.2
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def gateway_gone() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    loop.add_reader(sys.stdin.fileno(), gateway_gone)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    await serve(engine, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
