"""Stores that count, lose, or die at a chosen point: real stores behind a thin wrapper."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from bot.ports import ConversationStore

WRITES = frozenset(
    {
        "append",
        "claim",
        "hold",
        "complete",
        "ask_to_stop",
        "rate",
        "erase",
        "bury",
        "note_conversation",
        "rename_conversation",
        "move_cursor",
        "forget_conversation",
        "copy",
        "hand_over",
        "fork",
        "fill",
        "forget_fork",
    }
)
READS = frozenset(
    {
        "newest",
        "preceding",
        "following",
        "turn",
        "conversation",
        "conversations",
        "next_conversation",
        "forks",
    },
)


class Killed(BaseException):
    """The process is gone. Not an Exception: nothing may catch it."""


class Wrapped:
    """A store whose every call goes through `around`."""

    def __init__(self, store: ConversationStore) -> None:
        self._store = store

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """Make one call of the store."""
        return call()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in WRITES | READS:
            return method

        def called(*args: Any, **kwargs: Any) -> Any:
            return self.around(name, lambda: method(*args, **kwargs))

        return called


class Counting(Wrapped):
    """Counts the calls by name."""

    def __init__(self, store: ConversationStore) -> None:
        super().__init__(store)
        self.calls: Counter[str] = Counter()

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """See above."""
        self.calls[name] += 1
        return call()

    @property
    def reads(self) -> int:
        """How many calls read."""
        return sum(self.calls[name] for name in READS)


class Large(Wrapped):
    """Of its turns a read brings no more than go into a page of 1 MB, which are 36 of 28 KB."""

    PAGE = 36

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in ("newest", "preceding", "following"):
            return method
        return lambda *of: method(*of[:-1], min(of[-1], self.PAGE))


class Before(Wrapped):
    """Does something, once, right before the next call of a name: where a race is lost."""

    def __init__(self, store: ConversationStore) -> None:
        super().__init__(store)
        self._awaited: dict[str, list[Callable[[], object]]] = {}

    def next(self, name: str, *doings: Callable[[], object]) -> None:
        """Do one thing before each of the next calls of `name`."""
        self._awaited.setdefault(name, []).extend(doings)

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """See above."""
        if self._awaited.get(name):
            self._awaited[name].pop(0)()
        return call()


class Paused(Wrapped):
    """A function that is paused right before its k-th call, whatever that is."""

    def __init__(
        self, store: ConversationStore, at_call: int, meanwhile: Callable[[], object]
    ) -> None:
        super().__init__(store)
        self._left = at_call
        self._meanwhile = meanwhile

    @property
    def was_paused(self) -> bool:
        """Whether it came so far."""
        return self._left <= 0

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """See above."""
        self._left -= 1
        if self._left == 0:
            self._meanwhile()
        return call()


class Dying(Wrapped):
    """The process dies with the k-th item written: before it, or right after it is applied.

    A `bury` or `erase` of many turns is as many writes.
    """

    def __init__(self, store: ConversationStore, at_write: int, *, applied: bool) -> None:
        super().__init__(store)
        self._left = at_write
        self._applied = applied
        self.died = False

    def __getattr__(self, name: str) -> Any:
        if name in ("bury", "erase"):
            return self._one_by_one(name)
        return super().__getattr__(name)

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """See above."""
        if self.died:
            raise Killed
        if name not in WRITES:
            return call()
        self._left -= 1
        if self._left == 0:
            self.died = True
            if self._applied:
                call()
            raise Killed
        return call()

    def _one_by_one(self, name: str) -> Callable[..., None]:
        method = getattr(self._store, name)

        def each(key: Any, turns: Any, *rest: Any) -> None:
            for turn in turns:
                self.around(name, partial(method, key, [turn], *rest))

        return each
