from collections.abc import Callable

import pytest

from bot.models import Reply
from bots.echo import Echo


def test_it_repeats_and_counts_on_from_its_state(ask: Callable[..., Reply]) -> None:
    first = ask(Echo(), "hello")
    second = ask(Echo(), "again", first.state)
    assert first.text == "You said: hello (1)"
    assert second.text == "You said: again (2)"


@pytest.mark.parametrize("state", [{}, {"count": "many"}, {"count": None}, {"v": 1}])
def test_it_starts_afresh_from_a_state_that_is_not_its_own(
    ask: Callable[..., Reply], state: dict[str, object]
) -> None:
    assert ask(Echo(), "hi", state).state == {"count": 1}
