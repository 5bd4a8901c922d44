"""What each type of slot makes of an answer. The day is Monday 2 March 2026."""

from datetime import date
from typing import Any

import pytest

from bots.scripted.flow import Slot
from bots.scripted.slots import Found, Unusable, kind_of
from bots.scripted.spelling import Vocabulary
from bots.scripted.spotting import search

TODAY = date(2026, 3, 2)

DAYS = {
    "today": "2026-03-02",
    "Tomorrow, please": "2026-03-03",
    "tommorow": "2026-03-03",
    "the day after tomorrow": "2026-03-04",
    "in 3 days": "2026-03-05",
    "in two weeks": "2026-03-16",
    "in a week": "2026-03-09",
    "Friday": "2026-03-06",
    "on fri": "2026-03-06",
    "this friday": "2026-03-06",
    "next Friday": "2026-03-13",
    "monday": "2026-03-09",
    "next monday": "2026-03-09",
    "next sunday": "2026-03-15",
    "12 March": "2026-03-12",
    "12th of March": "2026-03-12",
    "March 12th": "2026-03-12",
    "12 mar 2027": "2027-03-12",
    "1 March": "2027-03-01",
    "29 February": "2028-02-29",
    "29/2/2028": "2028-02-29",
    "12/3": "2026-03-12",
    "12.03.26": "2026-03-12",
    "12.3.2026.": "2026-03-12",
    "2026-03-12": "2026-03-12",
    "the 12th": "2026-03-12",
    "the 1st": "2026-04-01",
    "the 31st": "2026-03-31",
    "not Friday but Thursday": "2026-03-05",
}
NO_DAYS = ["31 February", "2026-13-01", "31/4/2026", "0 March", "the 32nd", "the 0th", "29/2/2027"]

TIMES = {
    "14:30": "14:30",
    "2.30 pm": "14:30",
    "2pm": "14:00",
    "2 p.m.": "14:00",
    "9am": "09:00",
    "12am": "00:00",
    "12 pm": "12:00",
    "noon": "12:00",
    "midnight": "00:00",
    "half past two": "14:30",
    "quarter to 9": "08:45",
    "quarter past ten": "10:15",
    "9 o'clock": "09:00",
    "at 3": "15:00",
    "ten": "10:00",
    "23:59": "23:59",
}


def outcome(slot: Slot, text: str) -> Any:
    """Read an answer as the engine does: first as a sentence, then as a whole."""
    heard = Vocabulary(()).hear(text)
    return search(slot, heard, TODAY) or kind_of(slot).read(slot, heard, TODAY)


def value(slot: Slot, text: str) -> Any:
    read = outcome(slot, text)
    return read.value if isinstance(read, Found) else read


@pytest.mark.parametrize(("said", "day"), DAYS.items())
def test_a_day_is_read(said: str, day: str) -> None:
    assert value(Slot("date", "When?"), said) == day


@pytest.mark.parametrize("said", NO_DAYS)
def test_a_day_that_does_not_exist_is_told(said: str) -> None:
    assert isinstance(outcome(Slot("date", "When?"), said), Unusable)


@pytest.mark.parametrize("said", ["may", "I sat down", "1.2.3.4", "someday", "v2026-03-12", ""])
def test_what_is_no_day_is_not_taken_for_one(said: str) -> None:
    heard = Vocabulary(()).hear(said)
    assert search(Slot("date", "When?"), heard, TODAY) is None


def test_days_at_the_end_of_time_do_no_harm() -> None:
    last = date(9999, 12, 31)
    heard = Vocabulary(()).hear("next friday")
    read = kind_of(Slot("date", "When?")).read(Slot("date", "When?"), heard, last)
    assert isinstance(read, Unusable)


@pytest.mark.parametrize(("said", "time"), TIMES.items())
def test_a_time_is_read(said: str, time: str) -> None:
    assert value(Slot("time", "When?"), said) == time


def test_a_bare_hour_is_the_one_within_the_bounds() -> None:
    evening = Slot("time", "When?", earliest="18:00", latest="23:00")
    assert value(evening, "at 8") == "20:00"
    assert value(Slot("time", "When?"), "at 8") == "08:00"


@pytest.mark.parametrize("said", ["25:00", "12:60", "13pm", "0am", "at 99"])
def test_a_time_that_does_not_exist_is_told(said: str) -> None:
    assert isinstance(outcome(Slot("time", "When?"), said), Unusable)


@pytest.mark.parametrize(
    ("said", "number"), [("3", 3), ("three of us", 3), ("-2", -2), ("it is 7.", 7), ("2.0", 2)]
)
def test_a_whole_number_is_read(said: str, number: int) -> None:
    assert value(Slot("number", "How many?"), said) == number


def test_numbers_with_a_point_must_be_allowed() -> None:
    assert isinstance(outcome(Slot("number", "How many?"), "2.5"), Unusable)
    assert value(Slot("number", "How many?", whole=False), "2,5") == 2.5


def test_two_numbers_are_asked_about() -> None:
    assert isinstance(outcome(Slot("number", "How many?"), "3 or 4"), Unusable)


def test_in_a_sentence_a_number_needs_its_unit() -> None:
    slot = Slot("number", "How many?", units=["people", "persons"])
    hear = Vocabulary(()).hear
    assert search(slot, hear("a table at 8"), TODAY) is None
    found = search(slot, hear("a table at 8 for 4 people"), TODAY)
    assert isinstance(found, Found)
    assert found.value == 4


@pytest.mark.parametrize(
    ("bounds", "said", "why"),
    [
        ({"min": 1}, 0, "at least 1"),
        ({"max": 12}, 13, "12 at most"),
        ({"min": 1, "max": 12}, 5, ""),
    ],
)
def test_a_number_out_of_bounds_is_explained(bounds: dict[str, int], said: int, why: str) -> None:
    slot = Slot("number", "How many?", **bounds)  # type: ignore[arg-type]
    trouble = kind_of(slot).trouble(slot, said, TODAY)
    assert why in trouble
    assert bool(trouble) == bool(why)


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("ada@example.com", "ada@example.com"),
        ("it is Ada.L+x@mail.example.co.uk, thanks", "Ada.L+x@mail.example.co.uk"),
    ],
)
def test_an_address_is_read(said: str, address: str) -> None:
    assert value(Slot("email", "Which?"), said) == address


@pytest.mark.parametrize("said", ["ada@example", "@example.com", "ada@", "ada@-x.com", "a@b..com"])
def test_an_incomplete_address_is_told(said: str) -> None:
    assert isinstance(outcome(Slot("email", "Which?"), said), Unusable)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("020 7946 0123", "02079460123"),
        ("+44 (20) 7946-0123", "+442079460123"),
        ("call (020) 7946 0123 please", "02079460123"),
    ],
)
def test_a_telephone_number_is_read(said: str, number: str) -> None:
    assert value(Slot("phone", "Which?"), said) == number


@pytest.mark.parametrize("said", ["12345", "1234567890123456", "2026-03-12"])
def test_too_few_digits_too_many_or_a_date_are_no_telephone_number(said: str) -> None:
    assert not isinstance(outcome(Slot("phone", "Which?"), said), Found)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("SR-123456", "SR-123456"),
        ("it's sr123456", "SR-123456"),
        ("sr 123456.", "SR-123456"),
        ("123456", "SR-123456"),
        ("kx 77 b", "KX-77-B"),
    ],
)
def test_a_code_is_read_however_it_is_written(said: str, code: str) -> None:
    assert value(Slot("code", "Which?", formats=["SR-######", "@@-##-@"]), said) == code


@pytest.mark.parametrize("said", ["SR-12345", "SR-1234567", "XR 12", "ABSR-123456"])
def test_a_code_of_another_form_is_not_taken(said: str) -> None:
    assert outcome(Slot("code", "Which?", formats=["SR-######"]), said) is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("yes", True),
        ("Yeah, sure", True),
        ("ok", True),
        ("that's right", True),
        ("no problem", True),
        ("no", False),
        ("not yet", False),
        ("that is wrong", False),
        ("well, no", False),
        ("maybe", None),
    ],
)
def test_yes_and_no(said: str, meant: bool | None) -> None:
    assert value(Slot("yes_no", "Really?"), said) is meant


def test_a_lead_in_is_left_out_of_a_text() -> None:
    slot = Slot("text", "Name?", lead_ins=["my name is"], answer_lead_ins=["(i am|im)"])
    hear = Vocabulary(()).hear
    assert value(slot, "My name is Ada Lovelace.") == "Ada Lovelace"
    assert value(slot, "I'm Ada") == "Ada"
    found = search(slot, hear("I am ill, my name is Ada, come on Friday"), TODAY)
    assert isinstance(found, Found)
    assert found.value == "Ada"
    assert search(slot, hear("I am ill"), TODAY) is None


def test_the_length_of_a_text_is_held() -> None:
    slot = Slot("text", "What?", min_length=3, max_length=10)
    assert isinstance(outcome(slot, "ab"), Unusable)
    assert isinstance(outcome(slot, "a" * 11), Unusable)
    assert value(slot, "a" * 10) == "a" * 10


def test_the_longest_name_of_a_choice_wins() -> None:
    slot = Slot("choice", "Which?", choices={"red": [], "red wine": ["rosso"], "white": []})
    assert value(slot, "a red wine") == "red wine"
    assert value(slot, "RED") == "red"
    assert value(slot, "Rosso!") == "red wine"
    assert value(slot, "3") == "white"
    assert value(slot, "whi") == "white"
    assert outcome(slot, "4") is None
