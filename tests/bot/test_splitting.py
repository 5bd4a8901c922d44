"""Every frame stays below 32 KB, and what was split can be put together again (I8)."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import limits
from bot.models import Turn
from bot.wire import answers, splitting
from bot.wire.answers import Frame, Header
from tests.support.device import Device
from tests.support.soak import times
from tests.support.turns import a_turn

KILOBYTES_32 = 32 * 1024
pieces = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def text(longest: int) -> st.SearchStrategy[str]:
    """Any Unicode, also long: pieces repeated."""
    return st.builds(
        lambda piece, length: (piece * length)[:length], pieces, st.integers(1, longest)
    )


turns = st.builds(
    lambda said, reply, name: {"text": said, "reply": reply, "message_id": name},
    text(4_000).filter(lambda said: len(answers.encode(said)) <= limits.MAX_TEXT_BYTES),
    text(limits.MAX_REPLY_CHARACTERS),
    text(limits.MAX_MESSAGE_ID_CHARACTERS),
)
headers = st.builds(
    lambda title, head: Header("c" * 64, "e" * 64, title, head, head),
    text(limits.MAX_TITLE_CHARACTERS),
    st.sampled_from([1, limits.MAX_SEQ]),
)


def assembled(frames: list[Frame]) -> list[dict[str, Any]]:
    """What a client makes of the frames once they have gone over the wire."""
    device = Device()
    for frame in frames:
        sent = answers.encode(frame)
        assert len(sent) < KILOBYTES_32
        device.take([json.loads(sent)])
    return [
        {name: value for name, value in turn.items() if name not in ("replyLength", "attempt")}
        for turn in device.shown
    ]


def whole(*made: Turn) -> list[dict[str, Any]]:
    """What the client should have."""
    return [json.loads(answers.encode(answers.turn_object(turn))) for turn in made]


@settings(max_examples=times(60, 3_000), deadline=None)
@given(turns)
def test_a_turn_of_any_text_comes_together_again(fields: dict[str, Any]) -> None:
    turn = a_turn(1, "e" * 64, **fields)
    assert assembled(splitting.turn_frames("c" * 64, turn)) == whole(turn)


@settings(max_examples=times(40, 2_000), deadline=None)
@given(headers, st.lists(turns, max_size=4), st.booleans(), st.booleans())
def test_a_gap_of_any_turns_comes_together_again(
    header: Header, many: list[dict[str, Any]], more: bool, reset: bool
) -> None:
    made = [a_turn(seq, header.epoch, **fields) for seq, fields in enumerate(many, 1)]
    frames = splitting.snapshot_frames(header, made, more=more, reset=reset)
    splitting.last_snapshot(frames)["next"] = limits.MAX_SEQ
    assert assembled(frames) == whole(*made)
    snapshots = [frame for frame in frames if frame["type"] == "snapshot"]
    assert [frame["more"] for frame in snapshots] == [True] * (len(snapshots) - 1) + [more]
    assert [frame["reset"] for frame in snapshots] == [reset] + [False] * (len(snapshots) - 1)


@settings(max_examples=times(40, 2_000), deadline=None)
@given(headers, st.lists(turns, min_size=1, max_size=4))
def test_the_newest_that_fit_go_into_one_snapshot(
    header: Header, many: list[dict[str, Any]]
) -> None:
    made = [a_turn(seq, header.epoch, **fields) for seq, fields in enumerate(many, 1)]
    shown = splitting.newest_that_fit(header, made)
    assert list(shown) == made[-len(shown) :]
    frames = splitting.snapshot_frames(header, shown, more=True)
    assert [frame["type"] for frame in frames].count("snapshot") == 1
    assert assembled(frames) == whole(*shown)


@pytest.mark.parametrize("character", ["x", '"', "\\", "\u0000", "é", "🎉", "\u202e", "\u2028"])
@pytest.mark.parametrize("length", [1, 16_000, 32_000, 32_512, limits.MAX_REPLY_CHARACTERS])
def test_a_reply_of_one_character_comes_together_again(character: str, length: int) -> None:
    turn = a_turn(1, reply=character * length, text="\u0000" * 2_730, message_id="\u0000" * 128)
    assert assembled(splitting.turn_frames("main", turn)) == whole(turn)
    header = Header("main", "e1", "\u0000" * 120, limits.MAX_SEQ, limits.MAX_SEQ)
    assert assembled(splitting.snapshot_frames(header, [turn])) == whole(turn)


def test_around_the_limit_not_a_character_is_lost_or_sent_twice() -> None:
    fits = limits.MAX_FRAME_BYTES - len(
        answers.encode(answers.turn_frame("main", "e1", answers.turn_object(a_turn(1, reply=""))))
    )
    counts = []
    for length in range(fits - 5, fits + 5):
        frames = splitting.turn_frames("main", a_turn(1, reply="r" * length))
        counts.append(len(frames))
        assert assembled(frames) == whole(a_turn(1, reply="r" * length))
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (1, 2)


def test_a_cut_reply_tells_its_length_and_where_each_piece_belongs() -> None:
    reply = "".join(Random(1).choices('aé🎉"\\\u0000', k=limits.MAX_REPLY_CHARACTERS))
    first, *deltas = splitting.turn_frames("main", a_turn(7, reply=reply))
    assert first["turn"]["replyLength"] == len(reply)
    assert first["turn"]["attempt"] == 1
    offset = len(first["turn"]["reply"])
    for delta in deltas:
        assert (delta["type"], delta["seq"], delta["attempt"]) == ("delta", 7, 1)
        assert delta["offset"] == offset
        offset += len(delta["text"])
    assert offset == len(reply)


def test_a_cut_reply_goes_on_in_deltas_of_the_attempt_that_wrote_it() -> None:
    first, *deltas = splitting.turn_frames("main", a_turn(7, reply="r" * 60_000, attempt=3))
    assert {first["turn"]["attempt"], *(delta["attempt"] for delta in deltas)} == {3}


def test_a_turn_too_large_stands_alone_in_its_snapshot() -> None:
    header = Header("main", "e1", "", 3, 0)
    large = a_turn(2, reply="r" * 40_000)
    frames = splitting.snapshot_frames(header, [a_turn(1), large, a_turn(3)])
    kinds = [
        [turn["seq"] for turn in frame["turns"]] if "turns" in frame else "delta"
        for frame in frames
    ]
    assert kinds == [[1], [2], "delta", [3]]


def test_no_turns_are_one_snapshot() -> None:
    (frame,) = splitting.snapshot_frames(Header("main", "", "", 0, 0), [], reset=True)
    assert (frame["turns"], frame["more"], frame["reset"]) == ([], False, True)


def test_frames_carry_every_character_as_itself() -> None:
    sent = answers.encode(answers.delta("main", "e1", 1, 0, "é🎉\u0000<script>\u2028"))
    assert json.loads(sent)["text"] == "é🎉\u0000<script>\u2028"
    assert "é🎉".encode() in sent
