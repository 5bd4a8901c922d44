"""A device as docs/protocol.md wants one: it merges what it gets, and asks for what it misses."""

from collections.abc import Iterable
from typing import Any

from bot.wire.answers import Frame


class Device:
    """What one client shows of one conversation."""

    def __init__(self) -> None:
        self.epoch = ""
        self.turns: dict[int, dict[str, Any]] = {}
        self.resets = 0
        self.errors: list[Frame] = []

    @property
    def head(self) -> int:
        """The newest turn it has."""
        return max(self.turns, default=0)

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Its turns, in order."""
        return [self.turns[seq] for seq in sorted(self.turns)]

    @property
    def place(self) -> dict[str, Any]:
        """What it says of itself in `resume` and `message`."""
        return {"after": self.head, "epoch": self.epoch} if self.epoch else {}

    def take(self, frames: Iterable[Frame]) -> None:
        """Merge frames in the order they came. Twice the same changes nothing."""
        for frame in frames:
            if frame["type"] == "snapshot":
                self._snapshot(frame)
            elif frame["type"] == "turn":
                self._turn(frame)
            elif frame["type"] == "delta":
                self._delta(frame)
            elif frame["type"] == "error":
                self.errors.append(frame)

    def _snapshot(self, frame: Frame) -> None:
        if frame["reset"]:
            self.turns.clear()
            self.resets += 1
        elif self.epoch and frame["epoch"] != self.epoch:
            return  # of another life of the conversation: the next resume tells
        self.epoch = frame["epoch"]
        self.turns.update({turn["seq"]: turn for turn in frame["turns"]})

    def _turn(self, frame: Frame) -> None:
        if self.epoch not in ("", frame["epoch"]) or frame["turn"]["seq"] > self.head + 1:
            return  # a gap: the next resume fills it
        self.epoch = frame["epoch"]
        self.turns[frame["turn"]["seq"]] = frame["turn"]

    def _delta(self, frame: Frame) -> None:
        turn = self.turns.get(frame["seq"])
        if turn and frame["offset"] <= len(turn["reply"]):
            reply = turn["reply"][: frame["offset"]] + frame["text"]
            if len(reply) > len(turn["reply"]):
                self.turns[frame["seq"]] = {**turn, "reply": reply}
