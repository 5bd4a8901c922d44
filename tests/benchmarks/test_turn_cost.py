"""What a turn may cost (invariant I7), counted on the embedded engine at the real handler."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from benchmarks import turn_cost
from benchmarks.rivals import LangChain, OneItem, create_rivals_table, run
from benchmarks.streaming import SPEAKER
from benchmarks.turn_cost import CONVERSATION, LONGEST_USER, QUICK_TURNS, Measured
from benchmarks.turn_cost_engine import CONNECTIONS, SESSIONS, Ground, ground
from benchmarks.turn_cost_meter import Cost
from benchmarks.turn_cost_parley import Parley

GUEST = "guest:" + "5e" * 32

PUT, QUERY_CONNECTIONS = ("PutItem", "turn"), ("Query", CONNECTIONS)
QUERY_TURNS = ("Query", SESSIONS)
CLAIM_OR_END = ("UpdateItem", "turn")
GET_CONNECTION = ("GetItem", CONNECTIONS)


@pytest.fixture(scope="module")
def here() -> Iterator[Ground]:
    with ground() as made:
        create_rivals_table()
        yield made


@pytest.fixture(scope="module")
def measured(here: Ground) -> dict[int, Measured]:
    parley = Parley(here, GUEST)
    return {turn: turn_cost.measure(parley, turn) for turn in QUICK_TURNS}


@pytest.mark.parametrize("turn", QUICK_TURNS)
def test_a_warm_turn_is_one_conditional_put_and_one_query_of_the_users_connections(
    measured: dict[int, Measured], turn: int
) -> None:
    cost = measured[turn].warm
    assert requests_of(cost) == [PUT, QUERY_CONNECTIONS]
    assert_sound(cost)
    assert (cost.part("turn").write_units, cost.part(CONNECTIONS).read_units) == (1, 1)


@pytest.mark.parametrize("turn", QUICK_TURNS)
def test_a_cold_turn_is_one_query_of_the_turns_more(
    measured: dict[int, Measured], turn: int
) -> None:
    cost = measured[turn].cold
    assert requests_of(cost) == [QUERY_TURNS, PUT, QUERY_CONNECTIONS]
    assert_sound(cost)
    assert cost.part("turn").write_units == 1


def test_a_cold_turn_reads_no_more_of_a_longer_conversation(measured: dict[int, Measured]) -> None:
    at_100, at_1000 = (measured[turn].cold.part(SESSIONS).read_units for turn in (100, 1_000))
    assert at_100 == at_1000 > 0


def written(here: Ground, **budget: str) -> Cost:
    """What the function that writes replies asks for one, of a user with that budget."""
    user = f"guest:{uuid4().hex}{uuid4().hex}"
    parley = Parley(here, user, str(uuid4()), SPEAKER, variables=budget)
    for seq in (1, 2):  # the first makes the row, and its entry in an index
        _, order = parley.ask(parley.function(), seq)
        cost, frames = parley.write(parley.reply_function(), order)
        assert frames[-1]["turn"]["status"] == "done"
    return cost


def test_a_budget_costs_a_look_and_a_write_and_nothing_where_none_is_set(here: Ground) -> None:
    bare = [QUERY_TURNS, CLAIM_OR_END, CLAIM_OR_END, QUERY_CONNECTIONS]
    assert requests_of(written(here)) == bare
    limited = written(here, USER_TURNS_PER_MINUTE="5")
    counted = ("UpdateItem", CONNECTIONS)
    assert requests_of(limited) == [*bare[:2], QUERY_CONNECTIONS, counted, *bare[2:]]
    assert limited.part(CONNECTIONS).write_units == 1
    unspent = written(here, USER_TOKENS_PER_DAY="5")
    assert requests_of(unspent) == [*bare[:2], QUERY_CONNECTIONS, *bare[2:]]


def test_a_fork_costs_the_same_at_every_turn(measured: dict[int, Measured]) -> None:
    """Forking ten thousand turns is measured by the benchmark itself (docs/benchmarks.md)."""
    early, *others = (each.fork for each in measured.values())
    for fork in others:
        assert requests_of(fork) == requests_of(early)
        assert (fork.write_units, fork.read_units) == (early.write_units, early.read_units)
    assert len(early.requests) == 9


def test_a_renewed_connection_costs_a_function_one_read_once(here: Ground) -> None:
    parley = Parley(here, LONGEST_USER, str(uuid4()), lifetime=timedelta(seconds=-1))
    parley.renew()
    function = parley.function()
    first, *others = (parley.say(function, seq) for seq in range(1, 5))
    assert requests_of(first) == [GET_CONNECTION, QUERY_TURNS, PUT, QUERY_CONNECTIONS]
    for cost in others:
        assert requests_of(cost) == [PUT, QUERY_CONNECTIONS]
        assert (cost.part("turn").write_units, cost.part(CONNECTIONS).read_units) == (1, 1)


def test_the_conversations_own_item_is_written_with_the_first_turn(
    measured: dict[int, Measured],
) -> None:
    (put,) = measured[1].cold.part(CONVERSATION).requests
    assert (put.operation, put.write_units) == ("UpdateItem", 1)


@pytest.mark.parametrize("turn", [100, 1_000])
def test_after_idle_minutes_it_is_refreshed_by_one_request(
    measured: dict[int, Measured], turn: int
) -> None:
    (update,) = measured[turn].before.part(CONVERSATION).requests
    assert (update.operation, update.write_units) == ("UpdateItem", 1)


def test_turns_in_quick_succession_refresh_it_at_most_once_a_minute(here: Ground) -> None:
    parley = Parley(here, GUEST, str(uuid4()))
    function = parley.function()
    parley.say(function, 1)
    refreshes = [len(parley.say(function, seq).part(CONVERSATION).requests) for seq in range(2, 12)]
    # These take no minute, so at most one stands on the border of two.
    assert sum(refreshes) <= 1


@pytest.mark.parametrize("user_id", [GUEST, LONGEST_USER])
def test_any_ordinary_turn_with_the_longest_ids_takes_one_write_unit(
    here: Ground, user_id: str
) -> None:
    weighed = turn_cost.weigh(Parley(here, user_id, str(uuid4())), 0)
    assert [units for _, units in weighed] == [1] * len(weighed), weighed


def test_the_whole_conversation_in_one_item_costs_more_every_turn_and_ends(here: Ground) -> None:
    course = run(here.meter, OneItem(), (1, 10, 100, 1_000))
    assert requests_of(course.costs[100]) == [
        ("GetItem", "RivalsTable"),
        ("PutItem", "RivalsTable"),
    ]
    assert [cost.write_units for cost in course.costs.values()] == [1, 10, 92]
    # 400 KB hold 438 turns of 934 bytes, the key and the name of the list.
    assert course.failed_at == 439


def test_langchains_history_costs_more_every_turn_and_ends(here: Ground) -> None:
    pytest.importorskip("langchain_community", reason="only `make bench` installs it")
    course = run(here.meter, LangChain(), (1, 100, 1_000))
    assert course.costs[100].write_units > 100
    assert course.failed_at is not None
    assert 300 < course.failed_at < 438


def test_the_benchmark_prints_markdown_tables(capsys: pytest.CaptureFixture[str]) -> None:
    turn_cost.main(["--quick"])
    printed = capsys.readouterr().out
    assert "| turn 1 | turn 100 | turn 1,000 | ends |" in printed
    for row in ("The append alone", "**Parley, warm**", "**Parley, cold**", "AWS's sample"):
        assert f"| {row}" in printed
    for table in printed.split("\n\n"):
        columns = {line.count("|") for line in table.splitlines() if line.startswith("|")}
        assert len(columns) <= 1, table


def requests_of(cost: Cost) -> list[tuple[str, str]]:
    """What a turn asks of DynamoDB, the conversation's own item apart."""
    return [(each.operation, each.about) for each in cost.without(CONVERSATION).requests]


def assert_sound(cost: Cost) -> None:
    """Nothing refused or tried again; turns put on a condition, everything read consistent."""
    assert cost.sent == len(cost.requests)
    assert not any(each.refused for each in cost.requests)
    assert all(each.conditional for each in cost.part("turn").requests)
    assert all(each.consistent for each in cost.requests if each.operation == "Query")
