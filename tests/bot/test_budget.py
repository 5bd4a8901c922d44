"""What a user may cost: who may begin, and what was counted."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from bot.models import Spent
from bot.replies.budget import NAMES_KEPT, Budget, OverBudget

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
_numbers = count()


def begin(budget: Budget, spent: Spent, now: datetime = NOON, turns: int = 1) -> Spent:
    """So many turns more."""
    for _ in range(turns):
        spent = budget.begun(spent, f"turn{next(_numbers)}", now)
    return spent


def refused(budget: Budget, spent: Spent, now: datetime = NOON) -> str:
    """Of what there is no more."""
    with pytest.raises(OverBudget) as caught:
        begin(budget, spent, now)
    return caught.value.limit


def test_no_limit_counts_nothing() -> None:
    budget = Budget()
    assert not budget.limits
    assert begin(budget, Spent(), turns=1_000) == Spent()
    assert budget.charged(Spent(), "a", 5, NOON) == Spent()


@pytest.mark.parametrize("most", [1, 3, 60])
def test_so_many_turns_begin_and_then_as_many_as_the_minute_gives_back(most: int) -> None:
    budget = Budget(turns_per_minute=most)
    spent = begin(budget, Spent(), turns=most)
    assert refused(budget, spent) == "turns a minute"
    again = NOON + timedelta(seconds=60 / most)
    assert refused(budget, spent, again - timedelta(milliseconds=10)) == "turns a minute"
    spent = begin(budget, spent, again)
    assert refused(budget, spent, again) == "turns a minute"


def test_a_rested_user_has_saved_no_more_than_a_minutes_turns() -> None:
    budget = Budget(turns_per_minute=3)
    later = NOON + timedelta(days=9)
    spent = begin(budget, begin(budget, Spent()), later, turns=3)
    assert refused(budget, spent, later) == "turns a minute"


def test_a_clock_that_is_behind_gives_nothing_twice() -> None:
    budget = Budget(turns_per_minute=60)
    spent = begin(budget, Spent(), turns=60)
    one_more = begin(budget, spent, NOON + timedelta(seconds=1))
    assert refused(budget, one_more, NOON - timedelta(seconds=30)) == "turns a minute"
    assert refused(budget, one_more, NOON + timedelta(seconds=1.9)) == "turns a minute"


def test_a_turn_that_has_begun_is_counted_once_and_goes_on_whatever_is_left() -> None:
    budget = Budget(turns_per_minute=1, tokens_per_day=10)
    spent = budget.begun(Spent(), "mine", NOON)
    spent = budget.charged(spent, "mine.1", 99, NOON)
    assert budget.begun(spent, "mine", NOON) == spent
    assert refused(budget, spent) == "tokens a day"


def test_tokens_are_of_the_day_on_which_they_were_counted() -> None:
    budget = Budget(tokens_per_day=10)
    spent = budget.charged(Spent(), "a", 9, NOON)
    assert budget.begun(spent, "b", NOON) == spent, "one is left: it may begin, and is not counted"
    spent = budget.charged(spent, "b", 5, NOON)
    assert spent.tokens == 14
    assert refused(budget, spent, MIDNIGHT - timedelta(milliseconds=1)) == "tokens a day"
    assert budget.begun(spent, "c", MIDNIGHT) == spent
    assert budget.charged(spent, "c", 2, MIDNIGHT).tokens == 2


def test_tokens_are_counted_once_by_name() -> None:
    budget = Budget(tokens_per_day=10)
    spent = budget.charged(Spent(), "a.1", 5, NOON)
    assert budget.charged(spent, "a.1", 5, NOON) == spent
    assert budget.charged(spent, "a.2", 5, NOON).tokens == 10, "another attempt costs again"
    assert budget.charged(spent, "b", 0, NOON) == spent


def test_the_names_that_are_kept_are_bounded() -> None:
    spent = begin(Budget(turns_per_minute=1_000), Spent(), turns=100)
    assert len(spent.counted) == len(set(spent.counted)) == NAMES_KEPT
