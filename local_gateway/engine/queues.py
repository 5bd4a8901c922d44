"""MiniStack's queues where an engine begins again with what an earlier one has saved."""

from typing import Any


def begin_again(sqs: Any, now: float) -> None:
    """Give no number a second time, and what was being worked on to whoever asks.

    A killed engine keeps the rows of its tables, and not how far its FIFO queues had counted.
    Whoever knows messages by their numbers, as pushes are known, would take new ones for seen. So
    they count on from the time, in microseconds: more than one that began earlier has counted to.

    Who had received messages ended with the engine; nobody need wait for their time to be over.
    """
    for queue in sqs._queues.all_values():
        if queue["is_fifo"]:
            queue["fifo_seq"] = max(queue["fifo_seq"], int(now * 1_000_000))
        for message in queue["messages"]:
            if message["receive_count"]:
                message["visible_at"] = min(message["visible_at"], now)
