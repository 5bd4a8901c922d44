import pytest

from bots.scripted.pattern import PatternError, compile_pattern
from bots.scripted.text import words_of
from bots.scripted.topics import keyword


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("book a repair", "Please book a repair now", True),
        ("book a repair", "book the repair", False),
        ("book [a|the] repair", "book repair", True),
        ("book [a|the] repair", "book the repair", True),
        ("(where|wheres) * (order|parcel)", "where on earth is my parcel?", True),
        ("(where|wheres) * (order|parcel)", "my parcel is where?", False),
        ("a * z", "a 1 2 3 4 5 6 z", True),
        ("a * z", "a 1 2 3 4 5 6 7 z", False),
        ("repair*", "repairing", True),
        ("repair", "repairing", False),
        ("don't know", "I dont know", True),
        ("don\u2019t know", "I don't know", True),
        ("(one|two (three|four)) five", "two four five", True),
        ("e-mail", "my e-mail", True),
    ],
)
def test_a_pattern_fits_where_it_should(pattern: str, text: str, fits: bool) -> None:
    place = compile_pattern(pattern).find(words_of(text))
    assert (place is not None) is fits


@pytest.mark.parametrize("pattern", ["", "*", "[a]", "(a", "a)", "a|b", "(a|)", "[", "a*b", "!"])
def test_a_pattern_that_makes_no_sense_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def test_keywords_stand_in_any_order() -> None:
    words = keyword("order|parcel late")
    assert all(word.find(words_of("late again, my parcel")) for word in words)
    assert not all(word.find(words_of("my parcel")) for word in words)


def test_a_pattern_with_every_way_open_ends() -> None:
    # A backtracking matcher would try some 6^30 ways here.
    pattern = compile_pattern("a " + "* [a] " * 25 + "z")
    assert pattern.find(("a",) * 250) is None
