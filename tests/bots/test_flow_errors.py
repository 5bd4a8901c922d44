"""Every mistake is told with its file, line and place."""

from pathlib import Path

import pytest

from bots.scripted import FlowError, ScriptedBot
from bots.scripted.__main__ import main
from bots.scripted.loading import read

HEAD = """\
name: Test
greeting: Hi
help: Help
fallback: What?
dialogues:
  book:
    title: booking
    patterns: [book]
"""
"""The line after it is line 9, in dialogue 'book'."""

DIALOGUE_FAULTS = {
    "    slots: {date: {type: dat, ask: When?}}": "slot 'date': unknown type 'dat'; expected",
    "    slots: {date: {type: date}}": "slot 'date': 'ask' is missing",
    "    slots: {date: {type: date, ask: A, oops: 1}}": "slot 'date': unknown key 'oops'",
    "    slots: {Date: {type: date, ask: A}}": "slot 'Date': 'Date' is not a name",
    "    slots: {date: {type: date, ask: A, min: 1}}": "'min' means nothing for type 'date'",
    "    slots: {n: {type: number, ask: A, min: x}}": "'min' should be a valid number, not 'x'",
    "    slots: {n: {type: number, ask: A, min: 3, max: 1}}": "'min' is greater than 'max'",
    "    slots: {c: {type: choice, ask: A}}": "type 'choice' needs 'choices'",
    "    slots: {c: {type: choice, ask: A, choices: {a: b, c: b}}}": "'b' also means 'a'",
    "    slots: {c: {type: code, ask: A}}": "type 'code' needs 'formats'",
    "    slots: {c: {type: code, ask: A, formats: [SR]}}": "'SR' has neither # (digit) nor @",
    "    slots: {t: {type: time, ask: A, earliest: 9am}}": "'earliest' should be a time such as",
    "    slots: {d: {type: date, ask: A, weekdays: [mo]}}": "'mo' is not a weekday",
    "    slots: {t: {type: text, ask: A, lead_ins: ['(a']}}": "pattern '(a': '(' is never closed",
    "    slots: {t: {type: text, ask: A, max_length: 0}}": "'max_length' should be from 1 to 1000",
    "    slots: {a: {type: text, ask: '{b}'}, b: {type: text, ask: B}}": "{b} in 'ask' is not",
    "    slots: {a: {type: text, ask: A, unsure: nobody}}": "unknown dialogue 'nobody'",
    "    slots: {a: {type: text, ask: A, when: {b: 1}}}": "'when' names 'b', which is not known",
    "    slots: {a: {type: yes_no, ask: A}, b: {type: text, ask: B, when: {a: maybe}}}": (
        "'maybe' is no answer of slot 'a'"
    ),
    "    slots: 3": "'slots' should be a valid dictionary",
    "    keywords: ['(']": "keyword '(':",
    "    confirm: '{nothing}'": "{nothing} in 'confirm' is not known there",
    "    intro: '{nothing}'": "{nothing} in 'intro' is not known there",
    "    forget: [x]": "'x' is nothing that is remembered",
    "    compute: {r: {type: lookup}}": "computed 'r': type 'lookup' needs 'slot'",
    "    compute: {r: {type: dice}}": "computed 'r': unknown type 'dice'",
    "    compute: {r: {type: days_after, days: 1, slot: x}}": "unknown slot 'x'",
    "    compute: {r: {type: reference, digits: 99}}": "'digits' should be from 3 to 12",
    "    title: again": "'title' appears twice",
    "    ? [a]\n    : b": "a key must be a word",
    "    oops: ]": "not YAML",
}


def faults_of(text: str) -> list[str]:
    with pytest.raises(FlowError) as caught:
        read(text, "test.yaml")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(("line", "told"), DIALOGUE_FAULTS.items())
def test_a_mistake_is_told_with_its_line(line: str, told: str) -> None:
    faults = faults_of(f"{HEAD}{line}\n    done: Done.\n")
    matching = [fault for fault in faults if told in fault]
    assert matching, faults
    assert matching[0].split(":")[1] in ("9", "10")


def test_the_flow_before_each_mistake_is_good() -> None:
    assert read(f"{HEAD}    done: Done.\n", "test.yaml").dialogues["book"].title == "booking"


def test_the_place_is_named_as_its_author_knows_it() -> None:
    text = (
        HEAD + "    slots:\n      date:\n        ask: When?\n        type: dat\n    done: Done.\n"
    )
    (fault,) = faults_of(text)
    assert fault.startswith("test.yaml:12: dialogue 'book', slot 'date': unknown type 'dat'")


def test_all_mistakes_are_told_at_once_in_the_order_of_lines() -> None:
    text = (
        HEAD + "    slots:\n      a: {type: x, ask: A}\n      b: {type: y, ask: B}\n    oops: 1\n"
    )
    assert [fault.split(":")[1] for fault in faults_of(text)] == ["6", "10", "11", "12"]


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("    done: Done.\n  lone: {title: T, done: D}\n", "dialogue 'lone': unreachable"),
        ("    done: [{say: D, then: gone}]\n", "unknown dialogue 'gone'"),
        ("    done: [{say: D, then: book}]\n", "leads back here in a circle"),
        ("    done: [{say: D, when: {x: 1}}]\n", "'when' names 'x'"),
        ("    done: []\n", "dialogue 'book': 'done'"),
        ("    done: D\nanswers: {a: {say: A}}\n", "answer 'a': unreachable"),
        ("    done: D\nanswers: {a: {say: '{b}', keywords: [a]}}\n", "{b} in 'say'"),
        ("    done: D\nphrases: {oops: A}\n", "unknown phrase; expected one of"),
        ("    done: D\nphrases: {got_it: '{x}'}\n", "{x} in 'got_it'"),
        ("    done: D\nutc_offset: 1h\n", "'1h' is no offset"),
        ("    done: D\nextra: 1\n", "unknown key 'extra'"),
    ],
)
def test_what_leads_nowhere_is_told(rest: str, told: str) -> None:
    assert any(told in fault for fault in faults_of(HEAD + rest)), faults_of(HEAD + rest)


@pytest.mark.parametrize("text", ["", "- a", "just text", "3", "a: &a [*a]", "\x00", "[" * 5000])
def test_what_is_no_flow_at_all_is_told(text: str) -> None:
    assert faults_of(text)[0].startswith("test.yaml:")


def test_a_flow_that_could_remember_too_much_is_refused() -> None:
    slots = "".join(f"      s{n}: {{type: text, ask: A, max_length: 1000}}\n" for n in range(4))
    assert "lower 'max_length'" in faults_of(f"{HEAD}    slots:\n{slots}    done: D\n")[0]


def test_words_like_no_and_times_are_not_changed_by_yaml() -> None:
    slots = (
        "      c: {type: choice, ask: A, choices: {no: [off], yes: on, 7: 8}}\n"
        "      t: {type: time, ask: B, earliest: 09:00}\n"
    )
    flow = read(f"{HEAD}    slots:\n{slots}    done: D\n", "test.yaml")
    assert flow.dialogues["book"].slots["c"].choices == {"no": ["off"], "yes": ["on"], "7": ["8"]}
    assert flow.dialogues["book"].slots["t"].earliest == "09:00"


def test_the_file_is_named_and_a_missing_one_is_an_ordinary_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"name: \xff")
    with pytest.raises(FlowError, match=r"^mine\.yaml:1: not UTF-8"):
        ScriptedBot(path)
    with pytest.raises(FileNotFoundError):
        ScriptedBot(tmp_path / "none.yaml")
    with pytest.raises(TypeError, match="names no flow file"):
        ScriptedBot()


def test_the_command_tells_mistakes_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: x\n")
    assert main([str(path)]) == 1
    assert "mine.yaml:1: 'greeting' is missing" in capsys.readouterr().err
    assert not (tmp_path / "mine.flow.json").exists()
