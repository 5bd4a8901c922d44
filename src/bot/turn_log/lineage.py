"""Reading a fork's log as one, though its first turns are in the log of another conversation.

A fork's log begins, at `seq` 1, with a root that says which turns of which log come first. Those
may again be a fork's. What is read there is shown as the fork's own, in its epoch. Before the other
conversation is deleted its forks get copies of those turns, the newest first, and the root says of
fewer (bot/lifecycle/filling.py): whoever finds less than a root promises looks at the root again
(docs/adr/0013-forks.md).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Turn
from bot.ports import Page, TurnLog
from bot.turn_log.tail import MARKS, is_root, origin_of

MAX_LOOKS = 20
"""Times that a root may change under one reader: once for every hundred turns that are copied."""


Found = TypeVar("Found")


class _RootChanged(Exception):
    """What was read is not what the root says by now."""


class Lineage:
    """The reads of a `TurnLog`, each with what a fork has in common with where it comes from.

    Each costs one request for every log that holds a part of what is wanted.
    """

    def __init__(self, store: TurnLog) -> None:
        self._store = store

    def newest(self, key: ConversationKey, limit: int) -> Page:
        """The newest turns, in descending `seq`; last the root, where nothing lies beyond it."""
        return _insist(lambda: self._read_down(key, None, limit))

    def preceding(self, key: ConversationKey, before: int, limit: int) -> Page:
        """The turns before `before`, as `newest` brings them."""
        return _insist(lambda: self._read_down(key, before, limit))

    def following(self, key: ConversationKey, after: int, limit: int) -> Page:
        """The turns after `after`, in ascending `seq`; two requests more where a gap is found."""
        return _insist(lambda: self._read_up(key, after, limit))

    def find(
        self, key: ConversationKey, epoch: str, seq: int
    ) -> tuple[ConversationKey, Turn] | None:
        """A turn as it is kept, and in whose log; one request more where it is not in this one."""
        return _insist(lambda: self._find(key, epoch, seq))

    def _read_down(self, key: ConversationKey, before: int | None, limit: int) -> Page:
        page = self._page_down(key, before, limit)
        if not page.turns or not is_root(page.turns[-1]):
            return page
        root, own = page.turns[-1], page.turns[:-1]
        home, end = _origin(key, root)
        # One read is not one moment: what was copied after the first of it is not in it.
        if _lowest(own, before) > end + 1 and page != self._page_down(key, before, limit):
            raise _RootChanged
        before = min(before, end + 1) if before else end + 1
        if before <= 1:
            return Page(page.turns, exhausted=True)
        wanted = limit - len(own)
        found = self.preceding(home, before, wanted)
        shared = _shared(found, root)
        if not _is_run(shared[::-1], max(before - wanted, 1), before - 1):
            self._check(key, root)
        if shared and not found.exhausted:
            return Page(own + shared, exhausted=False)
        return Page((*own, *shared, root), exhausted=True)

    def _page_down(self, key: ConversationKey, before: int | None, limit: int) -> Page:
        if before is None:
            return self._store.newest(key, limit)
        return self._store.preceding(key, before, limit)

    def _read_up(self, key: ConversationKey, after: int, limit: int) -> Page:
        page = self._store.following(key, after, limit)
        if page.turns and _is_next(page.turns[0], after):
            return page
        root = page.turns[0] if page.turns and is_root(page.turns[0]) else None
        if root is None and after:
            # The root first, then what is here: so nothing is copied away between.
            root = self._root(key)
            page = self._store.following(key, after, limit)
        if root is None:
            return page
        home, end = _origin(key, root)
        own = tuple(turn for turn in page.turns if turn.seq > end and not is_root(turn))
        if after >= end:
            return Page(own, page.exhausted)
        found = self.following(home, after, min(limit, end - after))
        shared = tuple(turn for turn in _shared(found, root) if turn.seq <= end)
        if not _is_run(shared, after + 1, min(after + limit, end)):
            self._check(key, root)
        if shared and shared[-1].seq < end and not found.exhausted:
            return Page(shared, exhausted=False)
        turns = shared + own
        return Page(turns[:limit], page.exhausted and len(turns) <= limit)

    def _find(
        self, key: ConversationKey, epoch: str, seq: int
    ) -> tuple[ConversationKey, Turn] | None:
        found = self._held(key, epoch, seq)
        if found:
            return key, found
        root = self._root(key)
        if root is None or seq > origin_of(root).seq:
            # It may have been copied here between the two looks.
            found = self._held(key, epoch, seq)
            return (key, found) if found else None
        home, _ = _origin(key, root)
        shared = self.find(home, origin_of(root).epoch, seq) if root.epoch == epoch else None
        if shared is None:
            self._check(key, root)
        return shared

    def _held(self, key: ConversationKey, epoch: str, seq: int) -> Turn | None:
        found = self._store.turn(key, seq)
        return found if found and found.epoch == epoch and found.status not in MARKS else None

    def _root(self, key: ConversationKey) -> Turn | None:
        first = self._store.turn(key, 1)
        return first if first and is_root(first) else None

    def _check(self, key: ConversationKey, root: Turn) -> None:
        if self._root(key) != root:
            raise _RootChanged


def _insist(read: Callable[[], Found]) -> Found:
    for _ in range(MAX_LOOKS):
        try:
            return read()
        except _RootChanged:
            continue
    raise StoreUnavailable("The conversation changes too fast.")


def _origin(key: ConversationKey, root: Turn) -> tuple[ConversationKey, int]:
    """Where the turns before a fork are, and how many."""
    origin = origin_of(root)
    return ConversationKey(key.user_id, origin.conversation_id), origin.seq


def _lowest(own: tuple[Turn, ...], before: int | None) -> int:
    """Behind which `seq` a page of a fork's own turns leaves nothing open; 0 where all is."""
    seqs = [turn.seq for turn in own if turn.status not in MARKS]
    return min(seqs, default=before or 0)


def _is_next(turn: Turn, after: int) -> bool:
    return turn.seq == after + 1 and turn.status not in MARKS


def _shared(page: Page, root: Turn) -> tuple[Turn, ...]:
    """What a root stands for of a page of the other log, as the fork's own."""
    epoch = origin_of(root).epoch
    return tuple(
        replace(turn, epoch=root.epoch)
        for turn in page.turns
        if turn.epoch == epoch and turn.status not in MARKS
    )


def _is_run(turns: tuple[Turn, ...], first: int, last: int) -> bool:
    """Whether these are the turns from `first` to `last`, none missing."""
    return [turn.seq for turn in turns] == list(range(first, last + 1))
