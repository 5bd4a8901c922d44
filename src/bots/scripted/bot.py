"""The bot that plays a flow file."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from bot.limits import MAX_REPLY_CHARACTERS
from bot.models import Message, Reply, Snapshot
from bots.scripted.compiled import read
from bots.scripted.flow import Flow
from bots.scripted.listener import listen
from bots.scripted.memory import dump, load
from bots.scripted.script import prepare
from bots.scripted.stage import Stage


class ScriptedBot:
    """Plays the dialogues of a flow file (docs/bots.md).

    A subclass names its own in `flow`, relative to the file that the subclass stands in.
    """

    flow: str = ""

    def __init__(self, path: str | Path | None = None) -> None:
        """Load the flow file at `path`, or the one the class names; raises `FlowError`."""
        self._script = prepare(_flow(Path(path) if path is not None else self._own_path()))
        hours, minutes = self._script.flow.utc_offset[1:].split(":")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        self._offset = -offset if self._script.flow.utc_offset[0] == "-" else offset

    def reply(self, snapshot: Snapshot, message: Message) -> Reply:
        """Answer out of the snapshot's state, the message and the flow alone."""
        memory = load(self._script, snapshot.state)
        today = self._local(message.sent_at).date()
        stage = Stage(self._script, memory, message.message_id, today)
        listen(stage, self._script.vocabulary.hear(message.text))
        text = "\n\n".join(stage.parts) or self._script.phrases["not_understood"]
        return Reply(text[:MAX_REPLY_CHARACTERS], dump(memory))

    def _local(self, moment: datetime) -> datetime:
        try:
            return moment + self._offset
        except OverflowError:
            return moment

    @classmethod
    def _own_path(cls) -> Path:
        if not cls.flow:
            raise TypeError(f"{cls.__name__} names no flow file")
        owner = next(base for base in cls.__mro__ if "flow" in vars(base))
        return Path(str(sys.modules[owner.__module__].__file__)).parent / cls.flow


class ServiceDesk(ScriptedBot):
    """The service desk that ships with Parley."""

    flow = "service_desk.yaml"


def _flow(path: Path) -> Flow:
    compiled = read(path)
    if compiled is not None:
        return compiled
    # Only here, where the flow was not compiled: YAML and pydantic cost a cold start 60 ms.
    from bots.scripted import loading

    return loading.load(path)
