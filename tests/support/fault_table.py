"""The table of faults: what is injected in each row, and how often in `make soak`.

A fault that is injected once for each of several operations or calls counts each time.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `full` is how many faults of it a soak injects at least."""

    number: int
    fault: str
    holds: str
    full: int


WRITE_OPERATIONS = 4
"""Put, update, delete, and a transaction."""

KILLED_CALLS = 12
"""More calls than a message makes: its function is killed at each."""

ROWS = {
    row.number: row
    for row in (
        Row(1, "bad tokens by subprotocol, header and query", "F S", 180),
        Row(2, "a token changed by a fuzzer", "F", 10_000),
        Row(3, "a storm of unknown key ids", "F", 5_000),
        Row(4, "the keys' server down, slow, or talking nonsense", "F", 140),
        Row(5, "addresses and paths in a token's header", "F", 20),
        Row(6, "a token that runs out while connected; clocks that differ", "F", 40),
        Row(7, "an Origin that is absent, null or a trick", "F", 12),
        Row(8, "subprotocols: none, many, doubled, spaced", "S", 20),
        Row(9, "an authorizer's context that is absent or disagrees with the row", "E", 10),
        Row(10, "another user's ids in every action", "E", 120),
        Row(11, "key delimiters in ids", "E", 5_000),
        Row(12, "userId and connectionId in a frame", "E", 20),
        Row(13, "$disconnect late, lost, doubled", "A D", 700),
        Row(14, "$connect between any two steps of a $disconnect", "D", 500),
        Row(15, "an index that is some writes behind", "A D E", 500),
        Row(16, "200 users who reconnect 20 times", "A C D", 4_000),
        Row(17, "two tabs of which one closes; phone and laptop at once", "A D", 50),
        Row(18, "a TCP reset at every point of the protocol", "A C H", 300),
        Row(19, "10 minutes idle, 2 hours of life", "A", 30),
        Row(20, "@connections: 410, 429, 403, 413, 500, dropped, slow", "A H", 350),
        Row(21, "a frame delivered twice", "B", 200),
        Row(22, "messages of one connection at once and shuffled", "B C", 1_000),
        Row(23, "one messageId in parallel, from two devices, and long after", "B", 1_000),
        Row(24, "one messageId with another text", "B", 100),
        Row(25, "resume from nowhere: negative, ahead, expired, another epoch", "A", 200),
        Row(26, "a push while $connect is still running", "H", 20),
        Row(27, "a client that stops reading", "G", 20),
        Row(28, "a write applied, its reply lost", "A B C", 50 * WRITE_OPERATIONS),
        Row(29, "two writers of one seq", "C", 1_000),
        Row(30, "a table that throttles, fails, times out, conflicts", "A H", 300),
        Row(31, "a process killed at its k-th call, for every k", "A B C H", 20 * KILLED_CALLS),
        Row(32, "5,000 turns, pages of 1 MB, the largest turn", "A C", 30),
        Row(33, "expired rows that are still there", "A", 50),
        Row(34, "a model that fails, hangs, dies, is empty, says 1 MB", "H", 180),
        Row(35, "an asynchronous event delivered 2 or 3 times", "B", 200),
        Row(36, "Autobahn's cases", "G", 247),
        Row(37, "raw frames that no client sends", "G", 20_000),
        Row(38, "frames and messages at their limits", "G H", 300),
        Row(39, "all of it, 50 users", "A B C D E F G H S", 1_000),
    )
}
