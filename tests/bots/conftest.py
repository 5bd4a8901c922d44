"""What the tests of bots share: talking to one without AWS."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.models import Author, Message, Reply, Snapshot, Status, Turn
from bot.ports import Bot
from bots.scripted import ScriptedBot, ServiceDesk
from tests.support.model_server import ModelServer

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

Ask = Callable[..., Reply]
Play = Callable[..., Mapping[str, Any]]
MakeBot = Callable[[str], ScriptedBot]


def snapshot_with(state: Mapping[str, Any]) -> Snapshot:
    """Give a conversation of one turn that left `state`."""
    turn = Turn(
        seq=1,
        epoch="e",
        message_id="before",
        author=Author.USER,
        text="before",
        reply="before",
        state=state,
        status=Status.DONE,
        created_at=MONDAY,
        completed_at=MONDAY,
        owner="o",
        expires_at=0,
    )
    return Snapshot(epoch="e", head=1, turns=(turn,))


def ask_bot(
    bot: Bot,
    text: str,
    state: Mapping[str, Any] | None = None,
    *,
    at: datetime = MONDAY,
    message_id: str = "m1",
) -> Reply:
    """Send one message on top of `state`, which goes through JSON as it does in the store."""
    kept = json.loads(json.dumps(dict(state or {})))
    return bot.reply(snapshot_with(kept), Message(message_id, text, at))


def lines_of(dialogue: str) -> Iterator[tuple[str, str]]:
    """Read `you: ...`, `bot: ...` (must be in the reply) and `not: ...` (must not)."""
    for line in filter(str.strip, dialogue.splitlines()):
        speaker, _, said = line.strip().partition(":")
        assert speaker in ("you", "bot", "not"), f"who says {line!r}?"
        yield speaker, said.strip()


def play_dialogue(
    bot: Bot, dialogue: str, state: Mapping[str, Any] | None = None, *, at: datetime = MONDAY
) -> Mapping[str, Any]:
    """Hold a conversation, check each reply, and give the last state."""
    now, reply, heard = dict(state or {}), "", ""
    for number, (speaker, said) in enumerate(lines_of(dialogue)):
        if speaker == "you":
            answer = ask_bot(bot, said, now, at=at, message_id=f"m{number}")
            now, reply, heard = dict(answer.state), " ".join(answer.text.split()), said
        elif speaker == "bot":
            assert said in reply, f"to {heard!r} the bot said {reply!r}, without {said!r}"
        else:
            assert said not in reply, f"to {heard!r} the bot said {reply!r}, with {said!r}"
    return now


@pytest.fixture(scope="session")
def desk() -> ServiceDesk:
    return ServiceDesk()


@pytest.fixture(scope="session")
def ask() -> Ask:
    return ask_bot


@pytest.fixture(scope="session")
def play() -> Play:
    return play_dialogue


@pytest.fixture
def make_bot(tmp_path: Path) -> MakeBot:
    """Make a bot of the dialogues that a test writes down."""

    def make(dialogues: str) -> ScriptedBot:
        head = "name: Test\ngreeting: Hello.\nhelp: I can help.\nfallback: [What?, Really?]\n"
        path = tmp_path / "flow.yaml"
        path.write_text(head + dialogues, encoding="utf-8")
        return ScriptedBot(path)

    return make


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A provider of language models, which AWS's SDK takes for AWS."""
    running = ModelServer()
    monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield running
    running.stop()
