"""One checker for every run: its history and what the tables hold, against the invariants.

A no acknowledged message lost; B no turn doubled, and none ended twice; C `seq` total and gapless,
one order for all, every letter in its place; D a stale `$disconnect` deactivates no newer
connection; E no cross-user read or write; F a bad token is refused with 401 or 403; G the gateway
survives, the next client is served, memory is bounded; H every message ends in a turn or an error;
S no secret in what is sent, kept or logged.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.models import ConversationKey, Status, Turn
from tests.support.history import Event, History, Tables
from tests.support.seen import Seen, Sent, sent_messages, turns_seen

SHOWN_EVENTS = 12


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong, and the shortest part of the history that shows it."""

    invariant: str
    what: str
    events: tuple[Event, ...] = ()

    def __str__(self) -> str:
        shown = [f"    {event}" for event in self.events[:SHOWN_EVENTS]]
        return "\n".join([f"{self.invariant}: {self.what}", *shown])


class Violated(AssertionError):
    """A run has broken invariants."""


def check(history: History, tables: Tables) -> None:
    """Raise Violated where a run has broken an invariant, with the history that shows it."""
    found = violations(history, tables)
    if found:
        raise Violated("\n".join(map(str, found[:10])))


def violations(history: History, tables: Tables) -> list[Violation]:
    """All that is wrong with a run."""
    run = _Run(history, tables)
    return [violation for judge in JUDGES for violation in judge(run)]


class _Run:
    """A run, as the judges want it."""

    def __init__(self, history: History, tables: Tables) -> None:
        self.history = history
        self.tables = tables
        self.sent: dict[Sent, list[Event]] = sent_messages(history)
        self.seen: list[Seen] = turns_seen(history)
        self.lives = {
            turns[0].epoch: {turn.seq: turn for turn in turns} for turns in tables.values() if turns
        }
        self._deletions: defaultdict[str, int] = defaultdict(int)
        for event in self.of("sent"):
            if event.frame.get("action") == "delete":
                self._deletions[history.person(event.user)] = event.number

    def of(self, *whats: str) -> list[Event]:
        """The events of some kinds."""
        return [event for event in self.history.events if event.what in whats]

    def may_be_deleted(self, message: Sent) -> bool:
        """Whether its user has deleted a conversation since the message was first sent."""
        sent = self.sent.get(message)
        return self._deletions[message.person] > (sent[0].number if sent else 0)


def _lost(run: _Run) -> Iterator[Violation]:
    reported = set()
    for seen in run.seen:
        if seen.place in reported:
            continue
        kept = run.lives.get(seen.epoch)
        turn = kept.get(seen.seq) if kept else None
        name = f"{seen.turn['messageId']} (seq {seen.seq})"
        if kept is None and run.may_be_deleted(seen.message):
            continue
        if turn is None:
            reported.add(seen.place)
            yield Violation("A", f"{name} was shown and is not in the table", (seen.event,))
        elif (turn.message_id, turn.text) != (seen.turn["messageId"], seen.turn["text"]):
            reported.add(seen.place)
            what = f"{name} was shown, and the table has {turn.message_id} in its place"
            yield Violation("A", what, (seen.event,))


def _accepted_lost(run: _Run) -> Iterator[Violation]:
    held = {
        Sent(run.history.person(key.user_id), turn.message_id)
        for key, turns in run.tables.items()
        for turn in turns
    }
    for event in run.of("got"):
        if event.frame["type"] != "accepted":
            continue
        message = Sent(run.history.person(event.user), event.frame["messageId"])
        if message not in held and not run.may_be_deleted(message):
            what = f"{message.message_id} was accepted and is not in the table"
            yield Violation("A", what, (event,))


def _doubled(run: _Run) -> Iterator[Violation]:
    for key, turns in run.tables.items():
        for name, count in Counter(turn.message_id for turn in turns).items():
            if count > 1:
                events = run.sent.get(Sent(run.history.person(key.user_id), name), [])
                yield Violation("B", f"{name} made {count} turns", tuple(events))


def _ended_twice(run: _Run) -> Iterator[Violation]:
    """A turn that has ended stays as it is: on every screen, and in the table."""
    ends: dict[tuple[str, int], Seen] = {}
    for seen in run.seen:
        if seen.turn["status"] == Status.PENDING or "replyLength" in seen.turn:
            continue
        first = ends.setdefault(seen.place, seen)
        if first.end != seen.end:
            yield Violation("B", f"turn {seen.seq} ended twice", (first.event, seen.event))
        turn = run.lives.get(seen.epoch, {}).get(seen.seq)
        if turn and (turn.reply, turn.status) != seen.end:
            what = f"turn {seen.seq} was shown with another end than it has"
            yield Violation("B", what, (seen.event,))


def _gaps(run: _Run) -> Iterator[Violation]:
    for key, turns in run.tables.items():
        seqs = [turn.seq for turn in turns]
        if seqs != list(range(1, len(turns) + 1)):
            yield Violation("C", f"the log of {key.conversation_id} is {seqs}")
        for before, turn in pairwise(turns):
            if not _follows(before, turn):
                what = f"turn {turn.seq} was not made from turn {before.seq}"
                yield Violation("C", what)


def _follows(before: Turn, turn: Turn) -> bool:
    """The bots of these runs count in their state: one that was made from another snapshot than
    its neighbour's shows. A reply that is not done leaves the state as it was."""
    if turn.is_pending:
        return True
    made = 1 if turn.status is Status.DONE else 0
    return bool(turn.state.get("count", 0) == before.state.get("count", 0) + made)


def _orders(run: _Run) -> Iterator[Violation]:
    """One turn a place, for all who look."""
    first: dict[tuple[str, int], Seen] = {}
    for seen in run.seen:
        other = first.setdefault(seen.place, seen)
        if other.turn["messageId"] != seen.turn["messageId"]:
            what = f"two turns of seq {seen.seq}"
            yield Violation("C", what, (other.event, seen.event))


def _replays(run: _Run) -> Iterator[Violation]:
    for event in run.of("resumed"):
        asked = event.frame
        if asked["seqs"] != list(range(asked["after"] + 1, asked["head"] + 1)):
            yield Violation("C", "a resume brought another gap than was asked for", (event,))


def _letters(run: _Run) -> Iterator[Violation]:
    """Deltas of one attempt agree with one another, and with the reply it has ended in."""
    said: dict[tuple[str, int, int], dict[int, tuple[str, Event]]] = defaultdict(dict)
    for event in run.of("got"):
        frame = event.frame
        if frame["type"] != "delta":
            continue
        attempt = said[frame["epoch"], frame["seq"], frame["attempt"]]
        turn = run.lives.get(frame["epoch"], {}).get(frame["seq"])
        ended = turn.reply if turn and turn.attempt == frame["attempt"] else None
        for at, letter in enumerate(frame["text"], frame["offset"]):
            known, other = attempt.setdefault(at, (letter, event))
            if known != letter:
                what = f"turn {frame['seq']} says two things at {at}"
                yield Violation("C", what, (other, event))
                break
            if ended is not None and turn and not turn.is_pending and ended[at : at + 1] != letter:
                what = f"turn {frame['seq']} was shown otherwise than it ended, at {at}"
                yield Violation("C", what, (event,))
                break


def _screens(run: _Run) -> Iterator[Violation]:
    """Every device shows, in the end, what the table holds."""
    for event in run.of("shown"):
        key = ConversationKey(event.user, event.frame["conversationId"])
        held = [(turn.seq, turn.message_id, turn.reply) for turn in run.tables.get(key, [])]
        shown = [(each["seq"], each["messageId"], each["reply"]) for each in event.frame["turns"]]
        if shown != held[-len(shown) :] or (held and not shown):
            yield Violation("C", "a device shows another conversation than there is", (event,))


def _dropped(run: _Run) -> Iterator[Violation]:
    if run.history.active is None:
        return
    opened: dict[tuple[str, str], Event] = {}
    for event in run.of("opened", "closed"):
        if event.what == "opened":
            opened[event.user, event.client] = event
        else:
            opened.pop((event.user, event.client), None)
    for row in sorted(set(opened) - run.history.active):
        others = [each for each in run.of("closed") if each.user == row[0]]
        what = f"{row[1]} of {row[0]} is open and not active"
        yield Violation("D", what, (opened[row], *others[:1]))


def _leaked(run: _Run) -> Iterator[Violation]:
    for seen in run.seen:
        sent = run.sent.get(seen.message, [])
        if not any(event.frame.get("text") == seen.turn["text"] for event in sent):
            what = f"{seen.event.user} saw {seen.turn['messageId']}, which is not theirs"
            yield Violation("E", what, (seen.event,))


def _written_elsewhere(run: _Run) -> Iterator[Violation]:
    if not run.sent:
        return
    for key, turns in run.tables.items():
        person = run.history.person(key.user_id)
        for turn in turns:
            if Sent(person, turn.message_id) not in run.sent:
                yield Violation("E", f"{key.user_id} has {turn.message_id}, which is not theirs")


def _let_in(run: _Run) -> Iterator[Violation]:
    for event in run.of("knocked"):
        if not event.frame["good"] and event.frame["status"] not in (401, 403):
            what = f"a bad credential was answered with {event.frame['status']}"
            yield Violation("F", what, (event,))


def _not_served(run: _Run) -> Iterator[Violation]:
    for event in run.of("served"):
        if not event.frame["well"] or event.frame["grown"] > event.frame["bound"]:
            yield Violation("G", "the next client was not served, or memory grew", (event,))


def _unanswered(run: _Run) -> Iterator[Violation]:
    if not run.history.settled:
        return
    answered = {seen.message for seen in run.seen if seen.has_ended}
    answered |= {
        Sent(run.history.person(event.user), event.frame.get("messageId", ""))
        for event in run.of("got")
        if event.frame["type"] == "error"
    }
    for message, events in run.sent.items():
        if message not in answered and not run.may_be_deleted(message):
            what = f"{message.message_id} of {message.person} was never answered"
            yield Violation("H", what, tuple(events))
    for turns in run.tables.values():
        for turn in turns:
            if turn.is_pending:
                yield Violation("H", f"turn {turn.seq} ({turn.message_id}) was left pending")


def _secrets(run: _Run) -> Iterator[Violation]:
    secrets, unspoken = run.history.secrets, run.history.unspoken
    if not secrets and not unspoken:
        return
    for event in run.of("got", "logged"):
        said = json.dumps(event.frame)
        if any(secret in said for secret in secrets):
            yield Violation("S", "a secret was told", (event,))
        if event.what == "logged" and any(text in said for text in unspoken):
            yield Violation("S", "a user's words are in a log", (event,))
    kept = repr(run.tables)
    if any(secret in kept for secret in secrets):
        yield Violation("S", "a secret is kept in a table")


JUDGES: tuple[Callable[[_Run], Iterator[Violation]], ...] = (
    _lost,
    _accepted_lost,
    _doubled,
    _ended_twice,
    _gaps,
    _orders,
    _replays,
    _letters,
    _screens,
    _dropped,
    _leaked,
    _written_elsewhere,
    _let_in,
    _not_served,
    _unanswered,
    _secrets,
)
