"""What a device shows of a conversation while its replies grow, as docs/protocol.md wants it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.wire.answers import Frame


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply so far, of one attempt at it."""

    attempt: int = 0
    text: str = ""


class Screen:
    """Merges `turn`, `snapshot` and `delta` frames; tells whoever asks what it shows at once."""

    def __init__(self, shows: Callable[[int, str], None] = lambda seq, text: None) -> None:
        self._shows = shows
        self.epoch = ""
        self.turns: dict[int, dict[str, Any]] = {}
        self.drafts: dict[int, Draft] = {}
        self.gaps = 0
        self.deltas = 0

    @property
    def place(self) -> dict[str, Any]:
        """What it says of itself in `resume`: a turn that is pending it has yet to get."""
        settled = [seq for seq, turn in self.turns.items() if turn["status"] != "pending"]
        return {"after": max(settled, default=0), **({"epoch": self.epoch} if self.epoch else {})}

    def text(self, seq: int) -> str:
        """What it shows of a reply."""
        turn = self.turns.get(seq)
        if turn and turn["status"] != "pending":
            reply: str = turn["reply"]
            return reply
        return self.drafts.get(seq, Draft()).text

    def take(self, frame: Frame) -> None:
        """Merge one frame."""
        if frame["type"] == "snapshot":
            if frame["reset"]:
                self.turns.clear()
                self.drafts.clear()
            self.epoch = frame["epoch"]
            for turn in frame["turns"]:
                self._turn(turn)
        elif frame["type"] == "turn":
            self.epoch = self.epoch or frame["epoch"]
            if frame["epoch"] == self.epoch:
                self._turn(frame["turn"])
        elif frame["type"] == "delta":
            self._delta(frame)

    def _turn(self, turn: dict[str, Any]) -> None:
        kept = self.turns.get(turn["seq"])
        if not (kept and kept["status"] != "pending" and turn["status"] == "pending"):
            self.turns[turn["seq"]] = turn
        self._shows(turn["seq"], self.text(turn["seq"]))

    def _delta(self, frame: Frame) -> None:
        if self.epoch not in ("", frame["epoch"]):
            return
        self.deltas += 1
        seq, draft = frame["seq"], self.drafts.get(frame["seq"], Draft())
        if frame["attempt"] < draft.attempt:
            return
        text = draft.text if frame["attempt"] == draft.attempt else ""
        if frame["offset"] > len(text):
            self.gaps += 1
            return
        longer = text[: frame["offset"]] + frame["text"]
        if len(longer) > len(text):
            self.drafts[seq] = Draft(frame["attempt"], longer)
        self._shows(seq, self.text(seq))
