"""Misbehaviour is seeded: the same decisions in every run, each kind by itself."""

import pytest

from local_gateway.errors import StartupError
from local_gateway.faults import DisconnectPlan, Faults, MessagePlan


def test_without_faults_nothing_goes_wrong() -> None:
    faults = Faults()
    assert faults.for_message() == MessagePlan()
    assert faults.for_disconnect() == DisconnectPlan()
    assert faults.half_open_after() is None


def test_the_same_seed_decides_the_same() -> None:
    text = "reorder=0.5,duplicate=0.3,fail=0.2,slow=0.1:2"
    first, second, other = (Faults.parse(text, seed) for seed in (7, 7, 8))
    plans = [[faults.for_message() for _ in range(50)] for faults in (first, second, other)]
    assert plans[0] == plans[1]
    assert plans[0] != plans[2]


def test_one_kind_does_not_disturb_the_decisions_of_another() -> None:
    alone = Faults.parse("duplicate=0.5", 7)
    beside = Faults.parse("duplicate=0.5,fail=0.5,reorder=0.5,lose_disconnect=0.5", 7)
    for _ in range(20):
        beside.for_disconnect()
    copies = [[f.for_message().copies for _ in range(50)] for f in (alone, beside)]
    assert copies[0] == copies[1]


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("duplicate=1", MessagePlan(copies=2)),
        ("fail=1", MessagePlan(fail=True)),
        ("fail_after=1", MessagePlan(fail_after=True)),
        ("slow=1:3", MessagePlan(delay=3.0)),
        ("slow=1", MessagePlan(delay=2.0)),
    ],
)
def test_each_kind_does_what_it_says(text: str, plan: MessagePlan) -> None:
    assert Faults.parse(text).for_message() == plan


def test_disconnects_are_lost_delayed_or_doubled() -> None:
    assert Faults.parse("lose_disconnect=1").for_disconnect().copies == 0
    assert Faults.parse("duplicate_disconnect=1").for_disconnect().copies == 2
    delays = [Faults.parse("delay_disconnect=1:60", s).for_disconnect().delay for s in range(50)]
    assert 0 <= min(delays) < 10
    assert 50 < max(delays) <= 60


def test_asynchronous_events_are_doubled_delayed_and_their_workers_killed() -> None:
    assert Faults().for_event() == [0.0]
    assert Faults().kill_after() is None
    doubled = Faults.parse("duplicate_event=1")
    assert {len(doubled.for_event()) for _ in range(20)} == {2, 3}
    [late] = Faults.parse("delay_event=1:9").for_event()
    assert 0 < late <= 9
    first, second = (Faults.parse("kill_worker=0.5", 3) for _ in range(2))
    for faults in (first, second):
        faults.for_event()
    moments = [first.kill_after() for _ in range(50)]
    assert moments == [second.kill_after() for _ in range(50)]
    assert None in moments
    assert max(moment for moment in moments if moment is not None) <= 10


def test_probabilities_are_kept_roughly() -> None:
    faults = Faults.parse("duplicate=0.25", 1)
    doubled = sum(faults.for_message().copies == 2 for _ in range(2000))
    assert 400 < doubled < 600


@pytest.mark.parametrize(
    "text", ["nonsense=1", "fail", "fail=often", "fail=2", "slow=0.5:-1", "slow=0.5:x"]
)
def test_what_cannot_be_read_is_a_startup_error(text: str) -> None:
    with pytest.raises(StartupError, match="--faults"):
        Faults.parse(text)
