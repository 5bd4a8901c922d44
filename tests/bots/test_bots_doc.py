"""docs/bots.md: its code runs, its flows load, its dialogues happen, and it leaves nothing out."""

import importlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest

from bots.conversing.errors import ModelError
from bots.scripted import FlowError, ScriptedBot, loading, vocabulary
from bots.scripted.flow import (
    Answer,
    Computed,
    ComputedType,
    Dialogue,
    Ending,
    Flow,
    Slot,
    SlotType,
)
from bots.scripted.phrases import PHRASES
from bots.scripted.text import words_of
from handlers.setup.composition import load_bot
from tests.support.bedrock import BedrockProvider
from tests.support.model_calls import Attempt, conversation, heard, message
from tests.support.model_server import ModelServer

DOC = (Path(__file__).parents[2] / "docs" / "bots.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)?(?: (\S+))?\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
FILES = {
    match[1]: text for _, _, text in BLOCKS if (match := re.match(r"# (\S+\.(?:py|yaml))\n", text))
}


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    """Write the files of the document, and let `my_bots` be imported."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.path.insert(0, str(tmp_path / "src"))
    try:
        yield tmp_path
    finally:
        sys.path.remove(str(tmp_path / "src"))
        for name in [name for name in sys.modules if name.split(".")[0] == "my_bots"]:
            del sys.modules[name]


def test_the_document_has_the_files_it_speaks_of() -> None:
    assert sorted(FILES) == [
        "src/my_bots/bakery.py",
        "src/my_bots/bakery.yaml",
        "src/my_bots/cake_shop.py",
        "src/my_bots/countdown.py",
        "src/my_bots/hello.py",
        "tests/my_bots/test_hello.py",
    ]


def test_the_test_of_a_bot_passes_and_can_fail(written: Path) -> None:
    code = FILES["tests/my_bots/test_hello.py"]
    names: dict[str, Any] = {}
    exec(code, names)
    names["test_it_greets_and_counts"]()
    exec(code.replace("message 1", "message 2"), names)
    with pytest.raises(AssertionError):
        names["test_it_greets_and_counts"]()


def test_the_bot_that_streams_says_what_it_says(written: Path) -> None:
    bot = importlib.import_module("my_bots.countdown").Countdown()
    assert (
        "".join(bot.stream(conversation(), message("go"), Attempt())) == "3 ... 2 ... 1 ... done."
    )


def test_the_tools_it_shows_run_on_a_model(written: Path, server: ModelServer) -> None:
    bot = importlib.import_module("my_bots.cake_shop").CakeShop({"BEDROCK_MODEL": "m"})
    bedrock = BedrockProvider()
    server.answers = [
        bedrock.wants("price", '{"cake": "lemon"}'),
        bedrock.wants("order", '{"cake": "lemon", "pieces": 2}'),
        bedrock.says("Done."),
    ]
    pieces, _ = heard(bot.stream(conversation(), message("two lemon cakes"), Attempt()))
    assert pieces == ["Done."]
    told = [text for kind, text in bedrock.lines(server.asked[2]) if kind == "tool"]
    assert told[0] == "20"
    assert told[1].startswith(f"Ordered 2 of lemon under {Attempt.key}#")


@pytest.mark.parametrize("error", ModelError.__subclasses__())
def test_every_way_a_model_can_fail_is_explained(error: type[ModelError]) -> None:
    assert f"\n| `{error.__name__}` |" in DOC


def test_every_bot_it_names_can_be_made() -> None:
    named = re.findall(r"^\| `(bots\.[\w.]+:\w+)` \|", DOC, re.MULTILINE)
    assert len(named) == 5
    for name in named:
        assert load_bot(name)


def test_the_dialogue_happens(written: Path, play: Callable[..., Mapping[str, Any]]) -> None:
    (dialogue,) = (
        text for kind, about, text in BLOCKS if (kind, about) == ("dialogue", "bakery.yaml")
    )
    play(importlib.import_module("my_bots.bakery").Bakery(), dialogue)


def test_the_mistakes_it_shows_are_told_so(written: Path) -> None:
    path = written / "src" / "my_bots" / "bakery.yaml"
    good = path.read_text().removeprefix("# src/my_bots/bakery.yaml\n")
    shown = re.findall(r"^bakery\.yaml:(\d+): (.*)$", DOC, re.MULTILINE)
    assert len(shown) == 2
    for wrong, (line, told) in zip(
        (("type: choice", "type: chioce"), ("{cake} cake", "{cakes} cake")), shown, strict=True
    ):
        path.write_text(good.replace(*wrong, 1))
        with pytest.raises(FlowError) as caught:
            ScriptedBot(path)
        assert str(caught.value).startswith(f"bakery.yaml:{line}: {told.removesuffix(' ...')}")


def test_the_slots_it_shows_load_and_show_every_type() -> None:
    (slots,) = (text for kind, about, text in BLOCKS if (kind, about) == ("yaml", "slots"))
    flow = loading.read(
        "name: N\ngreeting: G\nhelp: H\nfallback: F\n"
        "dialogues:\n  d:\n    title: T\n    patterns: [go]\n    done: D\n    slots:\n"
        + "".join(f"      {line}\n" for line in slots.splitlines()),
        "slots.yaml",
    )
    assert {slot.type for slot in flow.dialogues["d"].slots.values()} == set(get_args(SlotType))


@pytest.mark.parametrize("part", [Flow, Dialogue, Ending, Answer, Slot, Computed])
def test_every_key_is_described(part: type) -> None:
    missing = [one.name for one in fields(part) if not re.search(rf"`{one.name}\b", DOC)]
    assert missing == []


def test_every_type_is_described() -> None:
    for name in (*get_args(SlotType), *get_args(ComputedType)):
        assert f"\n| `{name}` |" in DOC


def test_every_phrase_is_shown_as_it_is() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", DOC.split("### Phrases")[1], re.MULTILINE))
    assert rows == PHRASES


def test_what_people_can_say_anywhere_is_a_command() -> None:
    table = DOC.split("| anywhere | |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    said = [phrase for row in rows if row[0].isalpha() for phrase in row.split(", ")]
    assert len(said) == 8
    for phrase in said:
        assert vocabulary.command_in(words_of(phrase)), phrase
