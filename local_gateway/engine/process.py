"""The engine's own process: MiniStack served on a socket that the gateway bound for it.

Run as ``python -m local_gateway.engine.process LISTENING_FD STATE_DIR``. It ends, saving, when its
standard input ends: whatever happens to the gateway, the engine goes with it and loses nothing.
"""

import asyncio
import fcntl
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from local_gateway.engine.journal import Journal

log = logging.getLogger("engine")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SAVE_PATH = "/_local_gateway/save"
# Rows are journalled; tables, indexes and their settings are saved as soon as they change.
_SAVED_AT_ONCE = (b"CreateTable", b"DeleteTable", b"UpdateTable", b"UpdateTimeToLive")
_JOURNAL_LIMIT = 64 * 1024 * 1024
_LOCK_SECONDS = 60.0


class PersistentEngine:
    """MiniStack's ASGI application, with every DynamoDB write kept before it is answered."""

    def __init__(self, state_dir: Path) -> None:
        from ministack import app
        from ministack.services import dynamodb

        self._app: Any = app
        self._dynamodb: Any = dynamodb
        self._tables_file = state_dir / "dynamodb.json"
        self._journal = Journal(state_dir / "journal.jsonl")
        self._replaced = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == SAVE_PATH:
            self.save()
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app.app(scope, receive, self._saving(scope, send))

    def save(self) -> None:
        """Write the whole state to disk and start the journal anew."""
        before = _stamp(self._tables_file)
        self._app.save_all(self._app._build_persistence_save_dict())
        self._saved(before)

    def _saved(self, before: object) -> None:
        # MiniStack logs a failed save and goes on; then the journal is all there is.
        if _stamp(self._tables_file) != before:
            self._journal.clear()
            self._replaced = False

    async def _lifespan(self, scope: Message, receive: Receive, send: Send) -> None:
        before: object = None

        async def receive_noting() -> Message:
            nonlocal before
            message = await receive()
            before = _stamp(self._tables_file)
            return message

        async def send_noting(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._replay()
                self._record()
            elif message["type"] == "lifespan.shutdown.complete":
                self._saved(before)
            await send(message)

        await self._app.app(scope, receive_noting, send_noting)

    def _saving(self, scope: Message, send: Send) -> Send:
        target = dict(scope.get("headers") or ()).get(b"x-amz-target", b"")
        changes_tables = target.partition(b".")[2] in _SAVED_AT_ONCE

        async def send_saved(message: Message) -> None:
            if message["type"] == "http.response.start" and (
                changes_tables or self._replaced or self._journal.size > _JOURNAL_LIMIT
            ):
                self.save()
            await send(message)

        return send_saved

    def _replay(self) -> None:
        tables = {table["TableArn"]: table for table in self._dynamodb._tables.all_values()}
        for arn, partition, sort, row in self._journal.entries():
            if arn not in tables:
                continue
            if row is None:
                self._dynamodb._remove_item(tables[arn], partition, sort)
            else:
                self._dynamodb._set_item(tables[arn], partition, sort, row)

    def _record(self) -> None:
        """Wrap the three functions through which MiniStack changes a table's rows."""
        module, journal = self._dynamodb, self._journal
        set_item, remove_item = module._set_item, module._remove_item
        items_replaced = module._items_replaced

        def setting(table: Any, partition: str, sort: str, row: Any) -> Any:
            old = set_item(table, partition, sort, row)
            journal.append((table["TableArn"], partition, sort, row))
            return old

        def removing(table: Any, partition: str, sort: str) -> Any:
            old = remove_item(table, partition, sort)
            if old is not None:
                journal.append((table["TableArn"], partition, sort, None))
            return old

        def replacing(table: Any) -> Any:
            self._replaced = True
            return items_replaced(table)

        module._set_item, module._remove_item = setting, removing
        module._items_replaced = replacing


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino


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


def main() -> None:
    """Serve until told to stop."""
    listening, state_dir = int(sys.argv[1]), Path(sys.argv[2])
    _lock(state_dir / "lock")
    asyncio.run(_serve(PersistentEngine(state_dir), listening))


if __name__ == "__main__":
    main()
