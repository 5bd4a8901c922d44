"""One attempt at one reply, and the bot's stream read in a thread of its own."""

import re
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Condition, Thread

from bot import limits
from bot.errors import BotFailed
from bot.models import ConversationKey, Failure, Outcome, Usage
from bot.replies.answering import checked_state

CLOSING_SECONDS = 1.0
"""How long an end waits for what a bot holds open to be closed."""

MAX_TOKENS = 10**12
"""More than any reply takes, and few enough for any table."""


@dataclass(frozen=True, slots=True)
class Said:
    """All that a bot has said, and how that ended; `whole` where the bot itself ended it.

    `reason` is for the log.
    """

    text: str
    outcome: Outcome
    failure: Failure | None = None
    reason: str = ""
    whole: bool = False


LOGGED = re.compile(r"[A-Za-z0-9_.: -]{1,100}", re.ASCII)
"""What may be logged of a BotFailed's reason: a few plain words and numbers."""


class Reading:
    """What a bot has said so far. It is also the `bot.ports.Call` that the bot is given."""

    def __init__(
        self,
        key: str,
        conversation: ConversationKey,
        seconds_left: Callable[[], float],
        clock: Callable[[], datetime],
    ) -> None:
        self._key = key
        self._conversation = conversation
        self._seconds_left = seconds_left
        self._clock = clock
        self._spoke_at: datetime | None = None
        self._changed = Condition()
        self._closers: list[Callable[[], object]] = []
        self._text = ""
        self._stopped = False
        self._ended = False
        self._whole = False
        self._outcome: Outcome | None = None
        self._usage: Usage | None = None
        self._failure: Failure | None = None
        self._reason = ""

    @property
    def key(self) -> str:
        """See the port."""
        return self._key

    @property
    def conversation(self) -> ConversationKey:
        """See the port."""
        return self._conversation

    def seconds_left(self) -> float:
        """See the port."""
        return self._seconds_left()

    def on_stop(self, close: Callable[[], object]) -> None:
        """See the port."""
        with self._changed:
            if not self._stopped:
                self._closers.append(close)
                return
        _call_all([close])

    def used(self, usage: Usage) -> None:
        """See the port."""
        _check_usage(usage)
        with self._changed:
            self._usage = usage

    @property
    def text(self) -> str:
        """All that has been said."""
        return self._text

    @property
    def spoke_at(self) -> datetime | None:
        """When its first word was heard."""
        return self._spoke_at

    @property
    def ended(self) -> bool:
        """Whether nothing more will be said."""
        return self._ended

    def said(self, otherwise: Outcome, failure: Failure | None = None) -> Said:
        """What was said; where it was broken off, for that `failure` and with `otherwise` left.

        What it has cost is told in either case, so far as that is known.
        """
        with self._changed:
            otherwise = replace(otherwise, usage=self._usage)
            if not self._whole:
                return Said(self._text, otherwise, failure)
            outcome = self._outcome or otherwise
            outcome = replace(outcome, usage=outcome.usage or self._usage)
            if not self._text and not outcome.silent:
                # It has failed, and leaves the state before it; what it cost stands.
                outcome = replace(outcome, state=otherwise.state)
            return Said(self._text, outcome, self._failure, self._reason, whole=True)

    def start(self, stream: Callable[[], Generator[str, None, Outcome | None]]) -> None:
        """Begin to read."""
        Thread(target=self._read, args=(stream,), daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, or begins to speak, but no longer than that."""
        with self._changed:
            silent = not self._text
            self._changed.wait_for(lambda: self._ended or (silent and self._text), seconds)

    def stop(self) -> None:
        """Nobody wants any more: what the bot holds open is closed, what it says is not heard."""
        with self._changed:
            self._stopped = True
            closers, self._closers = self._closers, []
        if closers:
            # A stranger's code: it may hang.
            closing = Thread(target=_call_all, args=(closers,), daemon=True)
            closing.start()
            closing.join(CLOSING_SECONDS)

    def _read(self, stream: Callable[[], Generator[str, None, Outcome | None]]) -> None:
        outcome, failure, reason = None, None, ""
        try:
            outcome = _checked(self._drain(stream()))
        except _TooLong:
            failure = Failure.TOO_LONG
        except BaseException as error:
            # A stranger's code: whatever it raises ends its reply (an exit too, for it would end
            # this thread alone, unheard).
            failure, reason = Failure.BOT, _reason(error)
        with self._changed:
            if not self._stopped:
                self._outcome, self._failure, self._reason = outcome, failure, reason
                self._whole = True
            self._ended = True
            self._changed.notify_all()

    def _drain(self, stream: Generator[str, None, Outcome | None]) -> Outcome | None:
        try:
            while not self._stopped:
                self._hear(next(stream))
        except StopIteration as end:
            outcome: Outcome | None = end.value
            return outcome
        finally:
            stream.close()
        return None

    def _hear(self, piece: str) -> None:
        piece.encode()  # a lone surrogate is no character
        with self._changed:
            if self._stopped:
                return
            room = limits.MAX_REPLY_CHARACTERS - len(self._text)
            begins = not self._text
            self._text += piece[:room]
            if begins:
                self._spoke_at = self._clock()
                self._changed.notify_all()
        if len(piece) > room:
            raise _TooLong


class _TooLong(Exception):
    """The reply has reached its limit."""


def _checked(outcome: Outcome | None) -> Outcome | None:
    """The outcome as it can be kept. Raises BotFailed."""
    if outcome is None:
        return None
    if not isinstance(outcome, Outcome):
        raise BotFailed("no outcome")
    if outcome.usage is not None:
        _check_usage(outcome.usage)
    silent = outcome.silent is True
    return replace(outcome, state=checked_state(outcome.state), silent=silent)


def _check_usage(usage: Usage) -> None:
    if not isinstance(usage, Usage) or not all(
        type(tokens) is int and 0 <= tokens <= MAX_TOKENS
        for tokens in (usage.input_tokens, usage.output_tokens)
    ):
        raise BotFailed("no usage")


def _reason(error: BaseException) -> str:
    """What may be logged of what a bot raised: its type, and of a BotFailed the reason, which
    promises to quote nobody; a message may quote what a user wrote."""
    name = type(error).__name__
    reason = error.reason if isinstance(error, BotFailed) else ""
    # `isinstance`: a stranger's reason may be anything.
    return f"{name}: {reason}" if isinstance(reason, str) and LOGGED.fullmatch(reason) else name


def _call_all(closers: list[Callable[[], object]]) -> None:
    for close in closers:
        with suppress(Exception):
            close()
