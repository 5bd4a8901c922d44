"""Lambda and API Gateway in one process and many threads, on their worst day (row 39)."""

import io
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Empty, LifoQueue
from threading import Lock
from typing import Any
from uuid import uuid4

from aws_lambda_powertools.logging import Logger

from bot.errors import StoreUnavailable
from bot.models import Order
from bot.ports import Bot, StreamingBot
from bot.replies.answering import in_pieces
from bot.replies.replying import Replying
from bot.turn_log.log import Log
from bot.turn_log.memory import TailCache
from delivery.audience import LiveAudience
from delivery.fan_out import FanOut
from delivery.starting import event_of
from handlers import connect, disconnect, message, reply
from handlers.setup.apps import ConnectionApp, MessageApp, ReplyApp
from handlers.setup.composition import pause
from store.memory.conversations import MemoryConversationStore
from tests.support import events
from tests.support.clock import Ids
from tests.support.history import History
from tests.support.stores import Killed
from tests.support.storm import (
    SPEED,
    Storm,
    StormyConnections,
    StormySender,
    StormyTable,
    fast_clock,
)
from tests.support.streams import LEASE
from tests.support.workers import Worker

INVOCATIONS = 32
RETRIES = 2
RETRIED_AFTER_SECONDS = 3
LATE_SECONDS = 20
REMAINING_MS = 60_000


class Unmeasured:
    """Metrics that nobody reads."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


class Context:
    """Lambda's, of a function that has a minute left."""

    def get_remaining_time_in_millis(self) -> int:
        """See `handlers.reply.Context`."""
        return REMAINING_MS


class World:
    """The functions, their tables, the way to clients, and the storm over all of it."""

    def __init__(self, seed: int, bot: Bot | StreamingBot) -> None:
        self.history = History()
        self.storm = Storm(seed)
        self.clock = fast_clock()
        self.bot = bot
        self.store = MemoryConversationStore()
        self.connections = StormyConnections(self.storm)
        self.inboxes: dict[str, Callable[[bytes], object]] = {}
        self.sender = StormySender(self.storm, self.inboxes)
        self.broken: list[BaseException] = []
        self._log = io.StringIO()
        self._logger = Logger(service=f"storm-{uuid4()}", stream=self._log)
        self._logger._logger.propagate = False  # kept once is enough
        self._ids = Ids(f"writer{seed}-")
        self._unmeasured: Any = Unmeasured()
        self._pool = ThreadPoolExecutor(INVOCATIONS)
        self._running = 0
        self._lock = Lock()
        self._warm: dict[str, LifoQueue[Any]] = {"message": LifoQueue(), "reply": LifoQueue()}

    def connect(self, user: str, connection: str) -> bool:
        """A handshake; whether it succeeded."""
        app = ConnectionApp(self.connections, self._logger, self._unmeasured, self.clock)
        event = events.connect(connection, user, at=self.clock())
        return bool(connect.answer(app, event)["statusCode"] == 200)

    def hang_up(self, user: str, connection: str) -> None:
        """A connection has ended: `$disconnect` comes late, twice, or never."""
        if self.storm.strikes(0.2):
            return
        for _ in range(2 if self.storm.strikes(0.2) else 1):
            self._later(self.storm.delay(LATE_SECONDS), partial(self._ended, user, connection))

    def frame(self, user: str, connection: str, body: dict[str, Any]) -> None:
        """A client's frame: invoked at once, late, or twice."""
        copies = 2 if self.storm.strikes(0.05) else 1
        for _ in range(copies):
            late = self.storm.delay(LATE_SECONDS / 4) if self.storm.strikes(0.1) else 0
            self._later(late, partial(self._answer, user, connection, body))

    def start(self, order: Order) -> None:
        """See `bot.ports.ReplyStarter`: an asynchronous invocation, retried, and now and then
        delivered twice."""
        if self.storm.strikes(0.02):
            raise StoreUnavailable("throttled")
        for _ in range(2 if self.storm.strikes(0.1) else 1):
            self._later(self.storm.delay(1), partial(self._reply, event_of(order), RETRIES))

    @property
    def is_busy(self) -> bool:
        """Whether any function is running, or about to."""
        with self._lock:
            return self._running > 0

    def close(self) -> None:
        """End it; what the functions logged goes into the history."""
        self._pool.shutdown()
        self.history.logged(self._log.getvalue())
        if self.broken:
            raise self.broken[0]

    def _later(self, seconds: float, do: Callable[[], object]) -> None:
        with self._lock:
            self._running += 1
        self._pool.submit(self._invoke, seconds, do)

    def _invoke(self, seconds: float, do: Callable[[], object]) -> None:
        time.sleep(seconds)
        try:
            do()
        except BaseException as error:  # kept for the end: a thread's own would be unheard
            self.broken.append(error)
        finally:
            with self._lock:
                self._running -= 1

    def _ended(self, user: str, connection: str) -> None:
        app = ConnectionApp(self.connections, self._logger, self._unmeasured, self.clock)
        known = None if self.storm.strikes(0.1) else user
        disconnect.answer(app, events.disconnect(connection, known))

    def _answer(self, user: str, connection: str, body: dict[str, Any]) -> None:
        self.history.send(user, body, connection)
        app = self._function("message", self._new_message_app)
        try:
            message.answer(app, events.message(json.dumps(body), connection, user))
            self._warm["message"].put(app)
        except Killed:
            pass  # API Gateway says "Internal server error", and the next gets a new function
        finally:
            if body["action"] == "delete":
                # What came while it was at it may be gone too.
                self.history.send(user, body, connection)

    def _reply(self, event: dict[str, Any], retries: int) -> None:
        app = self._function("reply", self._new_reply_app)
        try:
            reply.answer(app, event, Context())
            self._warm["reply"].put(app)
        except (Killed, StoreUnavailable):
            if retries:
                again = partial(self._reply, event, retries - 1)
                self._later(RETRIED_AFTER_SECONDS / SPEED, again)

    def _function(self, name: str, new: Callable[[], Any]) -> Any:
        """A warm function that has nothing to do, or a new one."""
        try:
            return self._warm[name].get_nowait()
        except Empty:
            return new()

    def _new_message_app(self) -> MessageApp:
        table: Any = StormyTable(self.store, self.storm, deadly=0.004)
        chat = Worker(
            table,
            self.clock,
            connections=self.connections,
            bot=self.bot,
            starter=self,
            new_id=self._ids,
            pause=pause,
        ).chat
        fan_out = FanOut(self.sender, self.connections, self.clock)
        return MessageApp(chat, fan_out, self.connections, self._logger, self._unmeasured)

    def _new_reply_app(self) -> ReplyApp:
        table: Any = StormyTable(self.store, self.storm, deadly=0.02)
        replying = Replying(
            store=table,
            log=Log(table, self.clock),
            cache=TailCache(),
            bot=in_pieces(self.bot),
            audience=partial(LiveAudience, self.sender, self.connections, self.clock),
            lease=LEASE,
            clock=self.clock,
            new_id=self._ids,
            pause=pause,
        )
        fan_out = FanOut(self.sender, self.connections, self.clock)
        return ReplyApp(replying, fan_out, self._logger, self._unmeasured, self.clock)
