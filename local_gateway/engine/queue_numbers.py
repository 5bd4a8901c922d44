"""The numbers that MiniStack's FIFO queues give to messages, which must only grow."""

from typing import Any


def go_on_from(sqs: Any, least: int) -> None:
    """Let no queue give a number below `least` from here on.

    A killed engine keeps the rows of its tables, and not how far its queues had counted. Whoever
    knows messages by their numbers, as pushes are known, would take new ones for seen.
    """
    for queue in sqs._queues.all_values():
        if queue["is_fifo"]:
            queue["fifo_seq"] = max(queue["fifo_seq"], least)
