"""People with several devices each, who do anything at any moment (row 39)."""

import json
import time
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from auth.guests import guest
from bot.models import ConversationKey
from bot.wire.answers import Frame
from tests.support.screen import Screen
from tests.support.storm import SPEED
from tests.support.world import World

SENT_AGAIN_AFTER = 2.0 / SPEED
CONVERSATIONS = ("main", "side")
DEVICES = 3
WORDS = "umbrella"
"""In everything that is said, and never in a log."""


class CarefulScreen(Screen):
    """Takes nothing of another life of the conversation but what says that a new one begins, and
    asks for what it misses."""

    def take(self, frame: Frame) -> None:
        """See above."""
        other = self.epoch and frame.get("epoch") != self.epoch
        if frame["type"] in ("turn", "snapshot", "delta") and (not other or frame.get("reset")):
            super().take(frame)

    @property
    def place(self) -> dict[str, Any]:
        """What it says of itself: the newest turn up to which it has every one, and ended."""
        after = 0
        while self.turns.get(after + 1, {}).get("status", "pending") != "pending":
            after += 1
        return {"after": after, "epoch": self.epoch} if self.epoch else {}

    @property
    def pending(self) -> list[int]:
        """Replies that are still being written."""
        return [seq for seq, turn in self.turns.items() if turn["status"] == "pending"]


@dataclass
class Unanswered:
    """A message in the outbox."""

    frame: dict[str, Any]
    sent_at: float = 0.0


@dataclass
class Device:
    """A device: its connection, if it has one, and what it shows."""

    name: str
    connection: str = ""
    opened: int = 0
    screens: dict[str, CarefulScreen] = field(default_factory=dict)
    inbox: deque[Frame] = field(default_factory=deque)

    def screen(self, conversation: str) -> CarefulScreen:
        """What it shows of a conversation."""
        return self.screens.setdefault(conversation, CarefulScreen())


class Person:
    """One user: a guest, who may sign in one day."""

    def __init__(self, world: World, chance: Random, number: int) -> None:
        self._world, self._chance = world, chance
        self._guest_id = str(UUID(int=chance.getrandbits(128), version=4))
        self.guest = guest(self._guest_id).user_id
        self.user = self.guest
        self._signed_in = f"user:id.example:{number}"
        self._cursor: str | None = None
        self._adopting = False
        self._name = f"p{number}"
        self._said = 0
        self._outbox: list[Unanswered] = []
        self.conversations = {each: each for each in CONVERSATIONS}
        self.devices = [Device(f"{self._name}{letter}") for letter in "abc"[:DEVICES]]
        world.history.persons[self.guest] = self._signed_in
        world.history.secrets.add(self._guest_id)

    @property
    def is_settled(self) -> bool:
        """Whether all was answered, and all replies have ended, as far as any device shows."""
        open_replies = any(each.screen(c).pending for each in self.devices for c in self._ids)
        return not self._outbox and not self._adopting and not open_replies

    @property
    def keys(self) -> list[ConversationKey]:
        """Where anything of this person may be kept."""
        names = {*CONVERSATIONS, *self._ids}
        return [
            ConversationKey(user, each) for user in (self.guest, self._signed_in) for each in names
        ]

    def step(self) -> None:
        """Do something."""
        device = self._chance.choice(self.devices)
        self.read_all()
        if not device.connection:
            self._connect(device)
        elif self._adopting:
            self._adopt(device)
        else:
            self._chance.choices(
                [
                    self._say,
                    self._stop,
                    self._resume,
                    self._drop,
                    self._tidy,
                    self._delete,
                    self._sign_in,
                ],
                [6, 2, 2, 2, 2, 0.15, 0.15],
            )[0](device)
            self._send_again(device)

    def calm_down(self) -> None:
        """Come back with every device, send what is unanswered, and ask for what is missing."""
        self.read_all()
        for device in self.devices:
            if not device.connection:
                self._connect(device)
            if self._adopting:
                self._adopt(device)
            self._resume_all(device)
        self._send_again(self.devices[0])

    def read_all(self) -> None:
        """Show what has come."""
        for device in self.devices:
            while device.inbox:
                self._read(device, device.inbox.popleft())

    def note_what_is_shown(self) -> None:
        """Tell the history what every device shows in the end."""
        self.read_all()
        for device in self.devices:
            for each in self._ids:
                screen = device.screen(each)
                shown = [screen.turns[seq] for seq in sorted(screen.turns)]
                self._world.history.shows(self.user, device.connection, each, shown)

    @property
    def _ids(self) -> list[str]:
        return sorted(set(self.conversations.values()))

    def _any(self) -> str:
        return self._chance.choice(self._ids)

    def _connect(self, device: Device) -> None:
        device.opened += 1
        connection, user = f"{device.name}{device.opened}=", self.user
        if not self._world.connect(user, connection):
            return
        history = self._world.history

        def receive(frame: bytes) -> None:
            said: Frame = json.loads(frame)
            history.got(user, [said], connection)
            device.inbox.append(said)

        self._world.inboxes[connection] = receive
        history.opened(user, connection)
        device.connection = connection
        self._resume_all(device)

    def _drop(self, device: Device) -> None:
        self._world.inboxes.pop(device.connection, None)
        self._world.history.closed(self.user, device.connection)
        self._world.hang_up(self.user, device.connection)
        device.connection = ""
        if self._chance.random() < 0.2:  # a reload: nothing is shown any more
            device.screens.clear()

    def _send(self, device: Device, action: str, **fields: Any) -> None:
        self._world.frame(self.user, device.connection, {"action": action, **fields})

    def _say(self, device: Device) -> None:
        conversation = self._any()
        if any(each.frame["conversationId"] == conversation for each in self._outbox):
            return
        self._said += 1
        name = f"{self._name}-{self._said}"
        place = device.screen(conversation).place
        said = {"messageId": name, "text": f"{WORDS} {name}", "conversationId": conversation}
        self._outbox.append(Unanswered({"action": "message", **said, **place}))

    def _send_again(self, device: Device) -> None:
        now = time.monotonic()
        for each in self._outbox:
            if now - each.sent_at > SENT_AGAIN_AFTER and device.connection:
                each.sent_at = now
                self._world.frame(self.user, device.connection, each.frame)

    def _stop(self, device: Device) -> None:
        conversation = self._any()
        for seq in device.screen(conversation).pending[-1:]:
            self._send(device, "stop", conversationId=conversation, seq=seq)

    def _resume(self, device: Device) -> None:
        conversation = self._any()
        place = device.screen(conversation).place
        self._send(device, "resume", conversationId=conversation, **place)

    def _resume_all(self, device: Device) -> None:
        for each in self._ids:
            place = device.screen(each).place
            self._send(device, "resume", conversationId=each, **place)

    def _tidy(self, device: Device) -> None:
        conversation = self._any()
        at = {"conversationId": conversation}
        seq = max(device.screen(conversation).turns, default=1)
        asked: list[tuple[str, dict[str, Any]]] = [
            ("read", {**at, "seq": seq}),
            ("feedback", {**at, "seq": seq, "rating": "up"}),
            ("rename", {**at, "title": f"of {self._name}"}),
            ("history", {**at, "before": seq + 1}),
            ("conversations", {}),
            ("ping", {}),
        ]
        action, fields = self._chance.choice(asked)
        self._send(device, action, **fields)

    def _delete(self, device: Device) -> None:
        self._send(device, "delete", conversationId=self._any())

    def _sign_in(self, device: Device) -> None:
        if self.user == self.guest and not self._outbox:
            for each in self.devices:
                if each.connection:
                    self._drop(each)
            self.user, self._adopting = self._signed_in, True

    def _adopt(self, device: Device) -> None:
        if device.connection:
            self._send(device, "adopt", guestId=self._guest_id, cursor=self._cursor)

    def _read(self, device: Device, frame: Frame) -> None:
        if frame["type"] == "adopted":
            self._adopted(frame)
        elif frame["type"] == "error" and not frame["retryable"]:
            assert frame["code"] in ("not_found", "bad_request"), frame
        elif "conversationId" in frame and "epoch" in frame:
            device.screen(frame["conversationId"]).take(frame)
        answered = frame["turn"]["messageId"] if "turn" in frame else frame.get("messageId")
        if frame["type"] in ("turn", "accepted"):
            self._outbox = [each for each in self._outbox if each.frame["messageId"] != answered]

    def _adopted(self, frame: Frame) -> None:
        for moved in frame["conversations"]:
            was, now = moved["was"], moved["conversationId"]
            if self.conversations[was] != now:
                self.conversations[was] = now
                for device in self.devices:
                    device.screens[now] = device.screens.pop(was, CarefulScreen())
        self._cursor = frame["cursor"]
        self._adopting = self._adopting and self._cursor is not None
