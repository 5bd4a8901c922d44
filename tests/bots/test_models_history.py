"""What a model is given of a conversation: within its budget, newest first, alternating."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.limits import MAX_STATE_BYTES
from bot.models import Author, Turn
from bots.conversing import summary
from bots.conversing.history import BEGINNING, NOTHING, cost, fitted
from bots.conversing.memory import SUMMARY_CHARACTERS, Memory
from bots.conversing.prompts import Line, Role
from bots.conversing.tokens import CUT, shortened, tokens
from tests.support.model_calls import spoken

texts = st.one_of(
    st.sampled_from(["", " ", "hi", "hi", "wörld", "日本語" * 20]),
    st.text(max_size=400),
    st.integers(0, 3_000).map(lambda length: "x" * length),
)
conversations = st.lists(st.tuples(texts, texts), max_size=50).map(
    lambda said: [spoken(seq, text, reply) for seq, (text, reply) in enumerate(said, 1)]
)
messages = texts.filter(bool)
FIXED = 50
"""Tokens that the two lines around everything else take at most."""


def given_texts(lines: tuple[Line, ...]) -> str:
    return "\n".join(text for line in lines for text in line.texts)


@given(conversations, messages, texts, st.integers(0, 20_000))
def test_a_budget_is_never_passed_while_the_message_itself_fits(
    turns: list[Turn], text: str, before: str, budget: int
) -> None:
    history = fitted(turns, text, before, budget)
    alone = fitted([], text, before, budget)
    assert cost(history.lines) <= max(budget, cost(alone.lines))


@given(conversations, messages, texts, st.integers(-100, 20_000))
def test_lines_alternate_begin_and_end_with_the_user_and_are_never_blank(
    turns: list[Turn], text: str, before: str, budget: int
) -> None:
    lines = fitted(turns, text, before, budget).lines
    assert [line.role for line in lines] == [
        Role.ASSISTANT if number % 2 else Role.USER for number in range(len(lines))
    ]
    assert lines[-1].role is Role.USER
    assert all(said.strip() for line in lines for said in line.texts)
    assert all(line.texts for line in lines)
    assert [line.question for line in lines] == [False] * (len(lines) - 1) + [True]
    assert lines[-1].texts[-1] == (text if text.strip() else NOTHING)


@given(conversations, messages, st.integers(0, 20_000))
def test_the_turns_given_are_the_newest_without_a_gap(
    turns: list[Turn], text: str, budget: int
) -> None:
    history = fitted(turns, text, "", budget)
    kept = [turn for turn in turns if history.first and turn.seq >= history.first]
    said = given_texts(history.lines)
    # The newest alone may be cut.
    for turn in kept[:-1]:
        for part in (turn.text, turn.reply):
            assert not part.strip() or part in said


@given(conversations.filter(bool), messages)
def test_the_newest_turn_is_given_wherever_there_is_room_for_any(
    turns: list[Turn], text: str
) -> None:
    assert fitted(turns, text, "", tokens(text) + 200 + FIXED).first is not None


@given(conversations, messages)
def test_all_is_given_where_the_budget_allows(turns: list[Turn], text: str) -> None:
    history = fitted(turns, text, "", 10_000_000)
    assert history.first == (1 if turns else None)
    assert all(turn.reply in given_texts(history.lines) for turn in turns if turn.reply.strip())


def test_a_message_sent_again_after_a_failure_is_given_once() -> None:
    lines = fitted([spoken(1, "hello", "")], "hello", "", 1_000).lines
    assert [line.texts for line in lines] == [("hello",)]


def test_a_message_that_nobody_answered_stands_before_the_next() -> None:
    lines = fitted([spoken(1, "I am Ada", "")], "hello?", "", 1_000).lines
    assert [line.texts for line in lines] == [("I am Ada", "hello?")]


def test_what_the_backend_pushed_is_the_assistants_word() -> None:
    pushed = replace(spoken(1, "", "It is on its way."), author=Author.BACKEND)
    lines = fitted([pushed], "when?", "", 1_000).lines
    assert [line.texts for line in lines] == [(BEGINNING,), ("It is on its way.",), ("when?",)]


@given(st.text(), st.integers(0, 100))
def test_a_shortened_text_has_as_many_tokens_as_asked_and_begins_as_it_did(
    text: str, room: int
) -> None:
    short = shortened(text, room)
    assert tokens(short) <= room
    assert text.startswith(short.removesuffix(CUT)) or short == text


@given(st.text(max_size=10_000), st.integers(0), st.integers(1))
def test_a_memory_is_what_was_kept_and_fits_a_state(text: str, through: int, tried: int) -> None:
    memory = Memory(text[:SUMMARY_CHARACTERS], through, tried)
    assert Memory.load(memory.dump()) == memory
    assert len(str(memory.dump()).encode("utf-8", "replace")) < MAX_STATE_BYTES


kept = st.dictionaries(
    st.sampled_from(["text", "through", "tried"]), st.one_of(st.integers(), st.text())
)


@given(st.one_of(st.none(), st.text(), kept))
def test_a_state_of_another_bot_is_no_memory_and_no_error(state: object) -> None:
    assert isinstance(Memory.load({"summary": state}), Memory)


@given(conversations.filter(bool), texts, st.integers(1_000, 20_000))
def test_a_request_for_a_summary_keeps_to_the_budget(
    turns: list[Turn], before: str, budget: int
) -> None:
    memory = Memory(before[: SUMMARY_CHARACTERS // 4], 0, 1)
    prompt = summary.asking(turns, memory, budget)
    spare = 12 * len(turns)  # who speaks, and the lines' ends
    assert tokens(prompt.system) + cost(prompt.lines) <= budget + spare


def test_a_summary_that_is_too_long_is_cut() -> None:
    memory = summary.remembered("x" * 9_000, [spoken(1, "a", "b")], Memory(), 2)
    assert memory == Memory("x" * SUMMARY_CHARACTERS, 1, 2)
    assert Memory.load(Memory("x" * 9_000, 1, 2).dump()) == memory


def test_a_summary_is_due_once_in_so_many_turns() -> None:
    assert summary.due(Memory(), seq=3, every=10)
    assert not summary.due(Memory("", 0, tried=3), seq=12, every=10)
    assert summary.due(Memory("", 0, tried=3), seq=13, every=10)
    assert not summary.due(Memory(), seq=3, every=0)


def test_turns_are_summarized_before_they_are_out_of_reach() -> None:
    """With messages so short that the budget never fills, in a conversation of 300 turns."""
    memory, turns = Memory(), [spoken(seq, f"q{seq}", f"a{seq}") for seq in range(1, 301)]
    covered: set[int] = set()
    for seq in range(2, 301):
        at_hand = turns[max(0, seq - 51) : seq - 1]
        first = fitted(at_hand[-summary.AT_HAND :], "now", memory.summary, 16_000).first
        if summary.due(memory, seq, 10) and summary.left_out(at_hand, first, memory):
            older = summary.to_summarize(at_hand, memory, 16_000)
            covered |= {turn.seq for turn in older}
            memory = summary.remembered("so far", older, memory, seq)
        outside = set(range(1, seq)) - covered - set(range(first or seq, seq))
        assert not outside
