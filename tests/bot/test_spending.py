"""A user's budget while replies are written: in parallel, after deaths, when tables fail."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.models import ConversationKey, Failure, Order, Outcome, Spent, Status, Turn, Usage
from bot.replies.budget import Budget
from bot.replies.replying import Written
from bot.replies.spending import Spending
from store.memory.connections import MemoryConnectionStore
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import FakeClock
from tests.support.streams import LEASE, Heard, Talking, Writer, repeating
from tests.support.turns import ANA, BEN
from tests.support.workers import Orders, Worker, no_pause

Store = MemoryConversationStore
COST = Usage(60, 40)


def costing(snapshot: Any, message: Any, call: Any) -> Any:
    """Says a word, and what it cost."""
    yield "word"
    return Outcome({}, COST)


class Bank:
    """Users whose replies are written by functions with a budget."""

    def __init__(self, clock: FakeClock, connections: Any = None, **budget: int) -> None:
        self.clock = clock
        self.store = Store()
        self.connections = connections or MemoryConnectionStore()
        self.bot = Talking(costing)
        self.looks: list[Heard] = []
        self.spending = Spending(Budget(**budget), self.connections, clock, no_pause)

    def ordered(self, name: str = "main", user: str = ANA, said: str = "m1") -> Order:
        """A message that was accepted in a conversation."""
        orders = Orders()
        worker = Worker(
            self.store, self.clock, bot=Talking(repeating), starter=orders, user_id=user
        )
        worker.say(said, conversationId=name)
        return orders.made[-1]

    def write(self, order: Order, bot: Any = None) -> Written | None:
        """Have the reply written by a new function."""
        heard = Present(self, order.key.user_id)
        self.looks.append(heard)
        writer = Writer(
            self.store,
            self.clock,
            bot or self.bot,
            lambda: heard,
            spending=self.spending,
        )
        return writer.write(order)

    def say(self, name: str = "main", user: str = ANA, bot: Any = None) -> Turn:
        """A message, and its reply in the end."""
        head = self.store.newest(ConversationKey(user, name), 1).turns
        written = self.write(self.ordered(name, user, f"m{len(head) and head[0].seq + 1}"), bot)
        assert written
        return written.turn

    def spent(self, user: str = ANA) -> Spent:
        """What the user has used."""
        return self.connections.present(user, self.clock()).spent


class Present(Heard):
    """An audience that looks at the table."""

    def __init__(self, bank: Bank, user: str) -> None:
        super().__init__()
        self._bank, self._user = bank, user

    def look(self) -> Spent:
        """See `bot.replies.replying.Audience`."""
        super().look()
        return self._bank.spent(self._user)


def is_refused(turn: Turn) -> bool:
    """Whether the reply was over the budget, and says nothing else."""
    if turn.failure is not Failure.OVER_BUDGET:
        return False
    assert (turn.status, turn.reply, turn.usage) == (Status.FAILED, "", None)
    return True


def test_over_budget_the_model_is_not_called_and_others_are_not_concerned(
    clock: FakeClock,
) -> None:
    bank = Bank(clock, turns_per_minute=2)
    assert not is_refused(bank.say())
    assert not is_refused(bank.say("other"))
    assert is_refused(bank.say())
    assert is_refused(bank.say("third"))
    assert len(bank.bot.asked) == 2
    assert not is_refused(bank.say(user=BEN))
    clock.advance(seconds=30)
    assert not is_refused(bank.say())
    assert is_refused(bank.say())


def test_a_reply_over_budget_leaves_the_state_before_it(clock: FakeClock) -> None:
    bank = Bank(clock, turns_per_minute=1)
    assert bank.say(bot=Talking(repeating)).state == {"count": 1}
    turn = bank.say()
    assert is_refused(turn)
    assert turn.state == {"count": 1}


def test_tokens_of_all_conversations_count_for_the_day(clock: FakeClock) -> None:
    bank = Bank(clock, tokens_per_day=250)
    for name in ("a", "b", "c"):
        assert not is_refused(bank.say(name))
    assert (bank.spent().tokens, is_refused(bank.say("d"))) == (300, True)
    clock.advance(days=1)
    assert not is_refused(bank.say("d"))
    assert bank.spent().tokens == 100


def test_what_a_failed_or_stopped_reply_has_cost_counts(clock: FakeClock) -> None:
    bank = Bank(clock, tokens_per_day=10_000)

    def failing(snapshot: Any, message: Any, call: Any) -> Any:
        call.used(Usage(7, 0))
        yield "x"
        raise ValueError

    assert bank.say(bot=Talking(failing)).usage == Usage(7, 0)
    assert bank.spent().tokens == 7

    def stopped(snapshot: Any, message: Any, call: Any) -> Any:
        call.used(Usage(0, 5))
        yield "x"
        user = Worker(bank.store, clock, bot=Talking(repeating))
        user.ask("stop", seq=2)
        clock.advance(seconds=2)
        while True:
            yield ""

    assert bank.say(bot=Talking(stopped)).status is Status.STOPPED
    assert bank.spent().tokens == 12


def test_parallel_conversations_begin_no_more_turns_than_there_are(clock: FakeClock) -> None:
    bank = Bank(clock, turns_per_minute=5)
    orders = [bank.ordered(f"c{number}") for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(bank.write, orders))
    refused = [is_refused(each.turn) for each in written if each]
    assert (refused.count(False), refused.count(True)) == (5, 15)
    assert len(bank.bot.asked) == 5


def test_tokens_of_parallel_replies_are_all_counted(clock: FakeClock) -> None:
    bank = Bank(clock, turns_per_minute=100, tokens_per_day=10**6)
    orders = [bank.ordered(f"c{number}") for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bank.write, orders))
    assert bank.spent().tokens == 20 * 100
    assert bank.spent().allowance == 80


def test_a_second_attempt_is_no_second_turn_but_its_tokens_cost_again(clock: FakeClock) -> None:
    bank = Bank(clock, turns_per_minute=1, tokens_per_day=10**6)
    order = bank.ordered()

    class Died(BaseException):
        """The function is gone."""

    def dying(snapshot: Any, message: Any, call: Any) -> Any:
        call.used(Usage(1, 1))
        yield "x"
        clock.advance(seconds=LEASE.total_seconds() + 1)
        assert bank.write(order), "another takes over"
        yield "y"

    assert bank.write(order, Talking(dying)) is None
    turn = bank.store.turn(order.key, order.seq)
    assert turn
    assert (turn.status, turn.attempt, turn.usage) == (Status.DONE, 2, COST)
    assert bank.spent().tokens == 102, "who has lost the turn has cost something too"
    assert is_refused(bank.say("other"))


class Lossy(MemoryConnectionStore):
    """Every write is applied, its answer lost, and sent again."""

    def spend(self, user_id: str, known: Spent, spent: Spent, expires_at: int) -> Spent | None:
        """See the port."""
        super().spend(user_id, known, spent, expires_at)
        return super().spend(user_id, known, spent, expires_at)


def test_a_write_that_comes_twice_counts_once(clock: FakeClock) -> None:
    bank = Bank(clock, Lossy(), turns_per_minute=10, tokens_per_day=10**6)
    bank.say()
    bank.say()
    assert (bank.spent().allowance, bank.spent().tokens) == (8, 200)


class Down(MemoryConnectionStore):
    """A table that counts nothing while it is `down`."""

    down = True

    def spend(self, *args: Any) -> Spent | None:
        """See the port."""
        if self.down:
            raise StoreUnavailable("down")
        return super().spend(*args)


def test_where_a_turn_cannot_be_counted_the_model_is_not_called_and_a_retry_comes(
    clock: FakeClock,
) -> None:
    connections = Down()
    bank = Bank(clock, connections, turns_per_minute=10)
    order = bank.ordered()
    with pytest.raises(StoreUnavailable):
        bank.write(order)
    assert (bank.bot.asked, bank.looks[0].closed) == ([], True)
    connections.down = False
    clock.advance(seconds=LEASE.total_seconds())
    written = bank.write(order)
    assert written
    assert written.turn.status is Status.DONE


def test_where_tokens_cannot_be_counted_the_reply_stands(clock: FakeClock) -> None:
    bank = Bank(clock, Down(), tokens_per_day=10)
    turn = bank.say()
    assert (turn.status, turn.usage) == (Status.DONE, COST)


def test_who_can_never_count_gives_up(clock: FakeClock) -> None:
    class Contended(MemoryConnectionStore):
        def spend(self, *args: Any) -> Spent | None:
            return Spent(counted=("anothers",))

    bank = Bank(clock, Contended(), turns_per_minute=10)
    with pytest.raises(StoreUnavailable):
        bank.write(bank.ordered())


def test_without_a_budget_nothing_is_read_or_written_for_it(clock: FakeClock) -> None:
    store = Store()
    orders = Orders()
    Worker(store, clock, bot=Talking(repeating), starter=orders).say("m1")
    writer = Writer(store, clock)
    assert writer.write(orders.made[0], clock() + timedelta(minutes=5))
    assert writer.heard.looks == 0


@pytest.mark.parametrize(
    ("budget", "writes"),
    [
        ({"turns_per_minute": 5}, 1),
        ({"tokens_per_day": 10**6}, 1),
        ({"turns_per_minute": 5, "tokens_per_day": 10**6}, 2),
    ],
    ids=str,
)
def test_a_reply_costs_one_look_and_a_write_for_each_limit(
    clock: FakeClock, budget: dict[str, int], writes: int
) -> None:
    class Counting(MemoryConnectionStore):
        writes = 0

        def spend(self, *args: Any) -> Spent | None:
            self.writes += 1
            return super().spend(*args)

    connections = Counting()
    bank = Bank(clock, connections, **budget)
    for number in range(1, 4):
        bank.say()
        assert connections.writes == number * writes
    assert [heard.looks for heard in bank.looks] == [1, 1, 1]
