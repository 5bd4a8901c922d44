"""What the engine does beyond the shipped flow."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.models import Reply
from bots.scripted import ScriptedBot

Play = Callable[..., Mapping[str, Any]]
MakeBot = Callable[[str], ScriptedBot]

TABLE = """
dialogues:
  table:
    title: a table
    patterns: [table]
    slots:
      people: {type: number, ask: How many?, min: 1, max: 12, units: [people]}
      children: {type: yes_no, ask: Any children?, when: {people: ["2", "3"]}}
      chairs: {type: number, ask: How many high chairs?, when: {children: yes}}
      from: {type: date, ask: From when?}
      until: {type: date, ask: Until when?}
    compute:
      deposit_by: {type: days_after, slot: from, days: -1}
      room: {type: pick, slot: people, texts: [the garden, the hall]}
    confirm: "{people} from {from} until {until}, deposit by {deposit_by}."
    done:
      - when: {children: yes}
        say: "Done, with {chairs} high chairs."
      - say: "Done, without. {chairs}"
"""


def test_a_question_is_asked_only_when_its_condition_holds(make_bot: MakeBot, play: Play) -> None:
    bot = make_bot(TABLE)
    play(bot, "you: table for 4 people\nbot: From when?")
    play(bot, "you: table for 2 people\nbot: children?\nyou: yes\nbot: high chairs?")
    play(bot, "you: table for 2 people\nyou: no\nbot: From when?")


def test_a_correction_takes_answers_away_that_no_longer_belong(
    make_bot: MakeBot, play: Play
) -> None:
    state = play(
        make_bot(TABLE),
        """
        you: table for 2 people
        you: yes
        you: 1
        bot: From when?
        you: no, 5 people
        bot: Changed: 5
        you: 12 March
        you: 14 March
        bot: 5 from Thursday 12 March 2026 until Saturday 14 March 2026
        bot: deposit by Wednesday 11 March 2026
        """,
    )
    assert set(state["s"][0][2]) == {"people", "from", "until"}


def test_two_slots_of_one_type_are_filled_in_their_order(make_bot: MakeBot, play: Play) -> None:
    play(
        make_bot(TABLE),
        """
        you: table for 5 people from 12 March to 14 March
        bot: 5 from Thursday 12 March 2026 until Saturday 14 March 2026
        you: yes
        bot: Done, without.
        not: {
        """,
    )


def test_what_a_person_writes_is_never_read_as_a_template(make_bot: MakeBot, play: Play) -> None:
    play(
        make_bot(
            "dialogues: {d: {title: T, patterns: [go], done: 'a {b} {c}', slots: {"
            "b: {type: text, ask: B?}, c: {type: text, ask: 'C, {b}?'}}}}"
        ),
        """
        you: go
        you: {c} {__class__} %s
        bot: C, {c} {__class__} %s?
        you: {b}
        bot: a {c} {__class__} %s {b}
        """,
    )


def test_the_day_is_that_of_the_flow_s_place(make_bot: MakeBot, play: Play) -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    flow = "dialogues: {d: {title: T, patterns: [go], done: 'it is {today}'}}\n"
    play(make_bot(flow), "you: go\nbot: it is Monday 2 March 2026", at=late)
    play(make_bot("utc_offset: '+01:00'\n" + flow), "you: go\nbot: Tuesday 3 March", at=late)
    early = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
    play(make_bot("utc_offset: '-05:00'\n" + flow), "you: go\nbot: Sunday 1 March", at=early)


def test_phrases_can_be_replaced(make_bot: MakeBot, play: Play) -> None:
    bot = make_bot(TABLE + "phrases: {got_it: 'Noted: {values}!'}\n")
    play(bot, "you: table for 5 people\nbot: Noted: 5!")


def test_an_answer_in_free_text_is_not_searched_for_other_things(
    make_bot: MakeBot, play: Play
) -> None:
    bot = make_bot("""
dialogues:
  d:
    title: T
    patterns: [go]
    slots:
      what: {type: text, ask: What?}
      date: {type: date, ask: When?}
    done: "{what} / {date}"
answers:
  hours: {patterns: [hours], say: Nine to five.}
""")
    play(
        bot,
        """
        you: go
        you: it hums for hours since Friday
        bot: When?
        you: tomorrow
        bot: it hums for hours since Friday / Tuesday 3 March 2026
        you: go
        you: what are your hours?
        bot: Nine to five.
        bot: What?
        """,
    )


def test_a_subclass_names_its_flow_beside_its_own_file(tmp_path: Path, play: Play) -> None:
    (tmp_path / "hello.yaml").write_text(
        "name: H\ngreeting: Ahoy\nhelp: H\nfallback: F\n"
        "dialogues: {d: {title: T, patterns: [go], done: Gone}}\n"
    )
    (tmp_path / "hello_bot_module.py").write_text(
        "from bots.scripted import ScriptedBot\n"
        "class Hello(ScriptedBot):\n    flow = 'hello.yaml'\n"
    )
    import importlib
    import sys

    sys.path.insert(0, str(tmp_path))
    try:
        module = importlib.import_module("hello_bot_module")
        play(module.Hello(), "you: hi\nbot: Ahoy")
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("hello_bot_module", None)


def test_the_same_snapshot_and_message_give_the_same_reply(
    make_bot: MakeBot, ask: Callable[..., Reply]
) -> None:
    bot = make_bot(TABLE)
    state = ask(bot, "table for 5 people").state
    assert ask(bot, "12 March", state) == ask(bot, "12 March", state)
