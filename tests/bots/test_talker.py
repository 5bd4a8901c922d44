import time

import pytest

from bots.talker import Talker
from tests.support.model_calls import Attempt, conversation, heard, message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3:0 la le", ["la0 ", "le0 ", "la1 ", "le1 ", "la2 ", "le2 "]),
        ("2:1 a\nb", ["a0 ", "b0 ", "a1 ", "b1 "]),
        ("0:0 la", []),
        ("two words", ["two ", "words "]),
        ("7", ["7 "]),
        ("3:x la", ["3:x ", "la "]),
    ],
)
def test_it_says_the_words_as_often_as_it_is_told(text: str, words: list[str]) -> None:
    said, outcome = heard(Talker().stream(conversation(), message(text), Attempt()))
    assert said == words
    assert outcome.state == {"said": 1}


def test_it_pauses_before_each_word_as_it_is_told() -> None:
    begun = time.monotonic()
    heard(Talker().stream(conversation(), message("5:40 la"), Attempt()))
    assert time.monotonic() - begun > 0.19
