"""How often a second @connections may be asked."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from delivery.memory import MemorySender
from delivery.paced import Paced


class Time:
    """Seconds that pass for who sleeps, and a note of when each did."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self._lock = Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Note it."""
        with self._lock:
            self.slept.append(seconds)


def test_calls_stand_apart_in_time_whoever_makes_them() -> None:
    time = Time()
    paced = Paced(MemorySender(), 10, time, time.sleep)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(paced.is_open, [f"c{number}=" for number in range(20)]))
    paced.close("c1=")
    assert [round(each, 6) for each in sorted(time.slept)] == [
        round(number / 10, 6) for number in range(1, 21)
    ]


def test_a_pause_is_no_credit() -> None:
    time = Time()
    paced = Paced(MemorySender(), 10, time, time.sleep)
    paced.is_open("c1=")
    time.now += 60
    for _ in range(3):
        paced.is_open("c1=")
    assert [round(each, 6) for each in time.slept] == [0.1, 0.2]


def test_what_is_asked_is_answered() -> None:
    time, sender = Time(), MemorySender()
    paced = Paced(sender, 10, time, time.sleep)
    assert paced.is_open("c1=")
    paced.close("c1=")
    assert not paced.is_open("c1=")
    assert sender.gone == {"c1="}
