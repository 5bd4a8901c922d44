"""The checker: of each invariant, the smallest history that breaks it, and what it says of that."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from auth import tokens
from bot.models import Status, Turn
from bot.wire import answers
from tests.support.history import History
from tests.support.invariants import Violated, check, violations
from tests.support.tokens import GONE, Forge
from tests.support.turns import ANA, BEN, MAIN, a_turn
from tests.support.verifiers import accepted, verifier


@dataclass
class Story:
    """What has happened to one conversation."""

    history: History = field(default_factory=History)
    turns: list[Turn] = field(default_factory=list)

    def said(self, name: str = "m1", text: str = "text 1") -> None:
        """A message was sent."""
        frame = {"action": "message", "messageId": name, "text": text}
        self.history.send(ANA, frame, "c1=")

    def saw(self, turn: Turn, user: str = ANA) -> None:
        """A turn was shown."""
        frame = answers.turn_frame("main", turn.epoch, answers.turn_object(turn))
        self.history.got(user, [frame], "c1=")

    def delta(self, offset: int, text: str) -> None:
        """A piece of a reply was shown."""
        self.history.got(ANA, [answers.delta("main", "e1", 1, offset, text)], "c1=")

    def letters(self) -> set[str]:
        """The invariants that are broken."""
        return {each.invariant for each in violations(self.history, {MAIN: self.turns})}


def whole() -> Story:
    """A message that was sent, kept and answered."""
    story = Story(turns=[a_turn(1)])
    story.said()
    story.saw(story.turns[0])
    return story


def test_a_whole_story_breaks_nothing() -> None:
    assert whole().letters() == set()


def _lost(story: Story) -> None:
    story.turns.clear()


def _accepted_and_lost(story: Story) -> None:
    story.said("m2")
    story.history.got(ANA, [answers.accepted("main", "m2", 2)])
    story.history.settled = False


def _another_in_its_place(story: Story) -> None:
    story.turns[0] = a_turn(1, text="another text")


def _twice(story: Story) -> None:
    story.turns.append(a_turn(2, message_id="m1"))


def _ended_twice(story: Story) -> None:
    story.saw(a_turn(1, reply="another end"))


def _gap(story: Story) -> None:
    story.turns[0] = a_turn(2)
    story.history = History()
    story.said("m2")


def _from_an_old_snapshot(story: Story) -> None:
    story.said("m2")
    story.turns.append(a_turn(2, text="text 1", state={"count": 1}))
    story.saw(story.turns[1])


def _two_of_one_seq(story: Story) -> None:
    story.said("m2")
    story.saw(a_turn(1, message_id="m2"))


def _replayed(story: Story) -> None:
    story.history.resume(ANA, 1, [{"turns": [{"seq": 1}]}], 1)


def _letters_differ(story: Story) -> None:
    story.delta(0, "repl")
    story.delta(2, "xx")


def _letters_of_no_reply(story: Story) -> None:
    story.turns[0] = a_turn(1, attempt=1)
    story.delta(0, "rexly")


def _another_screen(story: Story) -> None:
    story.history.shows(ANA, "c1=", "main", [])


def _deactivated(story: Story) -> None:
    story.history.opened(ANA, "new=")
    story.history.active = set()


def _seen_by_another(story: Story) -> None:
    story.saw(story.turns[0], user=BEN)


def _written_by_another(story: Story) -> None:
    story.turns.append(a_turn(2))


def _let_in(story: Story) -> None:
    story.history.knocked(good=False, status=200)


def _broken_by_a_token(story: Story) -> None:
    story.history.knocked(good=False, status=500)


def _not_served(story: Story) -> None:
    story.history.served(well=False)


def _grown(story: Story) -> None:
    story.history.served(well=True, grown=2, bound=1)


def _unanswered(story: Story) -> None:
    story.said("m2")


def _pending(story: Story) -> None:
    story.said("m2")
    story.turns.append(a_turn(2, text="text 1", status=Status.PENDING))


def _secret_told(story: Story) -> None:
    story.history.secrets.add("reply 1")


def _words_in_a_log(story: Story) -> None:
    story.history.unspoken.add("text 1")
    story.history.logged("someone said text 1")


BROKEN: dict[str, list[Callable[[Story], None]]] = {
    "A": [_lost, _accepted_and_lost, _another_in_its_place],
    "B": [_twice, _ended_twice],
    "C": [
        _gap,
        _from_an_old_snapshot,
        _two_of_one_seq,
        _replayed,
        _letters_differ,
        _letters_of_no_reply,
        _another_screen,
    ],
    "D": [_deactivated],
    "E": [_seen_by_another, _written_by_another],
    "F": [_let_in, _broken_by_a_token],
    "G": [_not_served, _grown],
    "H": [_unanswered, _pending],
    "S": [_secret_told, _words_in_a_log],
}


@pytest.mark.parametrize(
    ("invariant", "breaks"),
    [(invariant, breaks) for invariant, each in BROKEN.items() for breaks in each],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_what_breaks_an_invariant_is_found(invariant: str, breaks: Callable[[Story], None]) -> None:
    story = whole()
    breaks(story)
    assert invariant in story.letters()


def test_a_violation_shows_what_happened_and_nothing_else() -> None:
    story = whole()
    for number in range(2, 50):
        story.said(f"m{number}")
        story.turns.append(a_turn(number, text="text 1"))
        story.saw(story.turns[-1])
    lost = story.turns.pop()
    with pytest.raises(Violated) as raised:
        check(story.history, {MAIN: story.turns})
    lines = str(raised.value).splitlines()
    assert lines[0] == f"A: {lost.message_id} (seq {lost.seq}) was shown and is not in the table"
    assert len(lines) == 2
    assert lost.message_id in lines[1]


def test_what_was_deleted_since_is_not_lost() -> None:
    story = whole()
    story.history.send(ANA, {"action": "delete", "conversationId": "main"})
    story.turns.clear()
    assert story.letters() == set()


def test_but_a_part_of_what_lives_is() -> None:
    story = whole()
    story.said("m2")
    story.saw(a_turn(2, text="text 1"))
    story.history.send(ANA, {"action": "delete", "conversationId": "main"})
    assert "A" in story.letters()


def knock(forge: Forge) -> set[str]:
    """The invariants that a token without `aud` breaks at the verifier as it is now."""
    history = History()
    let_in = accepted(verifier(forge), forge.token({"aud": GONE}))
    history.knocked(good=False, status=200 if let_in else 403)
    return {each.invariant for each in violations(history, {})}


def test_a_mutant_that_takes_a_token_without_aud_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forge = Forge()
    assert knock(forge) == set()

    def optional(claims: Any, wanted: Any, check: Any = tokens._check_audience) -> Any:
        return "aud" not in claims or check(claims, wanted)

    monkeypatch.setattr(tokens, "_check_audience", optional)
    assert knock(forge) == {"F"}
