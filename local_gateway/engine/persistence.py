"""MiniStack, made to lose nothing: every change is on the disk before its writer hears of it."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from local_gateway.engine import queues
from local_gateway.engine.journal import Journal
from local_gateway.engine.journalled_rows import JournalledRows

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SAVE_PATH = "/_local_gateway/save"
# Rows are journalled; tables, indexes and their settings are saved as soon as they change.
_SAVED_AT_ONCE = (b"CreateTable", b"DeleteTable", b"UpdateTable", b"UpdateTimeToLive")
_JOURNAL_LIMIT = 64 * 1024 * 1024


class PersistentEngine:
    """MiniStack's ASGI application, with every DynamoDB write kept before it is answered."""

    def __init__(self, state_dir: Path) -> None:
        from ministack import app
        from ministack.services import dynamodb, sqs

        self._app: Any = app
        self._sqs: Any = sqs
        self._tables_file = state_dir / "dynamodb.json"
        self._journal = Journal(state_dir / "journal.jsonl")
        self._rows = JournalledRows(dynamodb, self._journal)

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
            self._rows.replaced = False

    async def _lifespan(self, scope: Message, receive: Receive, send: Send) -> None:
        before: object = None

        async def receive_noting() -> Message:
            nonlocal before
            message = await receive()
            before = _stamp(self._tables_file)
            return message

        async def send_noting(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._rows.replay()
                self._rows.record()
                queues.begin_again(self._sqs, time.time())
            elif message["type"] == "lifespan.shutdown.complete":
                self._saved(before)
            await send(message)

        await self._app.app(scope, receive_noting, send_noting)

    def _saving(self, scope: Message, send: Send) -> Send:
        target = dict(scope.get("headers") or ()).get(b"x-amz-target", b"")
        changes_tables = target.partition(b".")[2] in _SAVED_AT_ONCE

        async def send_saved(message: Message) -> None:
            if message["type"] == "http.response.start" and (
                changes_tables or self._rows.replaced or self._journal.size > _JOURNAL_LIMIT
            ):
                self.save()
            await send(message)

        return send_saved


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino
