"""Keep every frame below API Gateway's 32 KB (invariant I8): what is larger goes in pieces.

A turn whose reply does not fit is sent with the reply cut and its whole length in code points as
`replyLength`, followed by `delta` frames with the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.limits import MAX_FRAME_BYTES
from bot.models import Turn
from bot.wire import answers
from bot.wire.answers import Frame, Header


def turn_frames(conversation_id: str, turn: Turn) -> list[Frame]:
    """One turn as a `turn` frame, and as many `delta` frames as its reply needs."""
    shown = answers.turn_object(turn)
    overhead = _size(answers.turn_frame(conversation_id, turn.epoch, {}))
    fitted, deltas = _fit(_cutter(conversation_id, turn), shown, MAX_FRAME_BYTES - overhead)
    return [answers.turn_frame(conversation_id, turn.epoch, fitted), *deltas]


def newest_that_fit(header: Header, turns: Sequence[Turn]) -> Sequence[Turn]:
    """The longest run of the newest turns that goes into one `snapshot`; at least one turn."""
    room = _room(header)
    for count, turn in enumerate(reversed(turns)):
        room -= _size(answers.turn_object(turn)) + 1
        if room < 0:
            return turns[len(turns) - max(count, 1) :]
    return turns


def snapshot_frames(
    header: Header, turns: Sequence[Turn], *, more: bool = False, reset: bool = False
) -> list[Frame]:
    """All the turns in ascending `snapshot` frames; `more` is said by all but the last for sure.

    A turn too large for any frame stands alone in its own, its `delta` frames behind it.
    """
    room = _room(header)
    frames: list[Frame] = []
    batch: list[Frame] = []
    used = 0

    def flush() -> None:
        nonlocal batch, used
        first = not frames
        frames.append(answers.snapshot(header, batch, more=True, reset=reset and first))
        batch, used = [], 0

    for turn in turns:
        shown = answers.turn_object(turn)
        size = _size(shown) + 1
        if batch and used + size > room:
            flush()
        fitted, deltas = _fit(_cutter(header.conversation_id, turn), shown, room)
        batch.append(fitted)
        used += size
        if deltas:
            flush()
            frames.extend(deltas)
    if batch or not frames:
        flush()
    last_snapshot(frames)["more"] = more
    return frames


@dataclass(frozen=True, slots=True)
class Delta:
    """A `delta` frame, and the offset behind it."""

    frame: Frame
    end: int


@dataclass(frozen=True, slots=True)
class DeltaCutter:
    """Cuts `delta` frames out of one attempt at a reply."""

    conversation_id: str
    epoch: str
    seq: int
    attempt: int

    def cut(self, text: str, offset: int) -> Delta:
        """As much of `text` from `offset` on as one frame holds."""
        overhead = _size(self._frame(len(text), ""))
        count = _characters(text[offset : offset + MAX_FRAME_BYTES], MAX_FRAME_BYTES - overhead)
        end = offset + count
        return Delta(self._frame(offset, text[offset:end]), end)

    def _frame(self, offset: int, piece: str) -> Frame:
        return answers.delta(
            self.conversation_id, self.epoch, self.seq, offset, piece, self.attempt
        )


def _cutter(conversation_id: str, turn: Turn) -> DeltaCutter:
    # A client that saw a reply grow takes no more of an earlier attempt at it.
    return DeltaCutter(conversation_id, turn.epoch, turn.seq, max(turn.attempt, 1))


def _fit(cutter: DeltaCutter, shown: Frame, room: int) -> tuple[Frame, list[Frame]]:
    if _size(shown) <= room:
        return shown, []
    reply: str = shown["reply"]
    cut = {**shown, "reply": "", "replyLength": len(reply), "attempt": cutter.attempt}
    end = _characters(reply, room - _size(cut))
    cut["reply"] = reply[:end]
    deltas = []
    while end < len(reply):
        cut_out = cutter.cut(reply, end)
        deltas.append(cut_out.frame)
        end = cut_out.end
    return cut, deltas


def _characters(text: str, room: int) -> int:
    """How many characters of `text` fit into `room` bytes of JSON."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if _size(text[:middle]) - 2 <= room:  # without the quotes
            low = middle
        else:
            high = middle - 1
    return low


def last_snapshot(frames: list[Frame]) -> Frame:
    """The last of the `snapshot` frames, whatever `delta` frames stand behind it."""
    return next(frame for frame in reversed(frames) if frame["type"] == "snapshot")


def _room(header: Header) -> int:
    return MAX_FRAME_BYTES - _size(answers.snapshot(header, [], more=False, reset=False))


def _size(value: Frame | str) -> int:
    return len(answers.encode(value))
