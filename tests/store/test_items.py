"""Turns as items: nothing is changed by keeping it, and a usual turn takes one write unit."""

import json
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import limits
from bot.models import Author, ConversationKey, Position, Rating, Status, Turn
from store.dynamo import keys
from store.dynamo.attributes import WRITE_UNIT_BYTES, Item, item_size, number, string
from store.dynamo.items import turn_item, turn_of
from tests.support import engine
from tests.support.clock import START
from tests.support.soak import times
from tests.support.turns import ANA, MAIN, a_turn

SESSIONS = "SessionsTable"
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=2_000)
words = st.builds(
    lambda word, count: word * count, st.text("aé🎉\u0000 ", max_size=9), st.integers(0, 2_000)
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=12,
)
names_of = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
sources = st.from_regex(r"[A-Za-z0-9_.:-]{1,64}", fullmatch=True)
any_turn = st.builds(
    a_turn,
    seq=st.integers(1, limits.MAX_SEQ),
    epoch=st.text("0123456789abcdef-_", min_size=1, max_size=24),
    message_id=text.map(lambda name: name[: limits.MAX_MESSAGE_ID_CHARACTERS]),
    author=st.sampled_from(Author),
    text=text | words,
    reply=text | words,
    state=st.dictionaries(text, json_values),
    status=st.sampled_from([Status.DONE, Status.FAILED, Status.STOPPED, Status.PENDING]),
    completed_at=st.none() | st.just(START),
    allowance=st.floats(0, 100_000).map(lambda level: round(level, 3)),
    feedback=st.none() | st.sampled_from(Rating),
    expires_at=st.integers(0, 2**40),
    content=st.just("") | json_values.map(lambda value: json.dumps(value, ensure_ascii=False)),
    position=st.none() | st.builds(Position, sources, st.integers(0, 10**60)),
    positions=st.dictionaries(sources, st.integers(0, 10**60), max_size=8),
    lapses_at=st.integers(0, 2**40).map(lambda milliseconds: milliseconds / 1_000),
    moved_to=st.none() | st.builds(ConversationKey, text.map(lambda name: name[:300]), names_of),
)


@settings(max_examples=times(150, 10_000), deadline=None)
@given(any_turn)
def test_any_turn_comes_back_from_its_item(turn: Turn) -> None:
    assert turn_of(turn_item(MAIN, turn)) == turn


@settings(max_examples=times(40, 2_000), deadline=None)
@given(any_turn)
def test_any_turn_comes_back_from_the_table(turn: Turn) -> None:
    client = engine.running().dynamodb
    item = turn_item(ConversationKey(f"u{uuid4()}", "main"), turn)
    client.put_item(TableName=SESSIONS, Item=item)
    key = {name: item[name] for name in ("userId", "itemId")}
    found = client.get_item(TableName=SESSIONS, Key=key, ConsistentRead=True)
    assert turn_of(found["Item"]) == turn


def test_a_small_turn_is_readable_and_a_large_one_packed() -> None:
    small, large = turn_item(MAIN, a_turn(1)), turn_item(MAIN, a_turn(1, reply="r" * 1_000))
    assert small["text"] == {"S": "text 1"}
    assert "packed" not in small
    assert "packed" in large
    assert set(large).isdisjoint({"text", "reply", "state"})
    assert item_size(large) < 1_000


def test_what_is_pushed_is_readable_while_it_is_small_and_packed_where_it_is_not() -> None:
    positions = {"kinesis:0123456789ab": 10**56, "orders": 7}
    content = '{"price":1.5}'
    small = turn_item(MAIN, a_turn(1, content=content, positions=positions, lapses_at=99))
    assert (small["content"], small["lapsesAt"]) == (string(content), number(99))
    assert list(json.loads(small["positions"]["S"])) == list(positions), "the order is kept"
    large = turn_item(MAIN, a_turn(1, content=json.dumps([content] * 200), position=None))
    assert "B" in large["content"]
    assert item_size(large) < 700
    assert set(turn_item(MAIN, a_turn(1))).isdisjoint(
        {"content", "position", "positions", "lapsesAt"}
    )


def test_only_the_seal_of_a_move_says_where_to() -> None:
    assert not [name for name in turn_item(MAIN, a_turn(1)) if name.startswith("moved")]


def test_the_readable_form_ends_where_it_would_cost_another_unit() -> None:
    forms = []
    for length in range(300, 1_000):
        item = turn_item(MAIN, a_turn(1, reply="r" * length))
        forms.append("packed" in item)
        if "packed" not in item:
            assert item_size(item) <= WRITE_UNIT_BYTES
    assert forms == sorted(forms)
    assert (forms[0], forms[-1]) == (False, True)


@pytest.mark.parametrize("length", [0, 1, 200, 500, 800, 1_500, 9_000, 64_000])
@pytest.mark.parametrize("character", ["x", "é", "🎉"])
def test_sizes_agree_with_the_engines_accounting(length: int, character: str) -> None:
    client = engine.running().dynamodb
    letters = Random(length)
    reply = "".join(chr(ord(character) + letters.randrange(20)) for _ in range(length))
    item = turn_item(ConversationKey(f"u{uuid4()}", "main"), a_turn(7, reply=reply))
    used = client.put_item(TableName=SESSIONS, Item=item, ReturnConsumedCapacity="TOTAL")
    units = -(-item_size(item) // WRITE_UNIT_BYTES)
    assert used["ConsumedCapacity"]["CapacityUnits"] == units


def test_sizes_around_a_unit_agree_with_the_engines_accounting() -> None:
    client = engine.running().dynamodb
    for length in range(880, 1_000):
        item: Item = {
            "userId": string(f"u{uuid4()}"),
            "itemId": string("i"),
            "a": string("é" * (length // 2) + "x" * (length % 2)),
            "n": number(12.5),
            "b": {"B": b"\x00\x01"},
        }
        used = client.put_item(TableName=SESSIONS, Item=item, ReturnConsumedCapacity="TOTAL")
        units = -(-item_size(item) // WRITE_UNIT_BYTES)
        assert used["ConsumedCapacity"]["CapacityUnits"] == units, item_size(item)


SAYINGS = [
    (
        "Hi, the laser printer on the third floor shows a paper jam, but I have already opened "
        "every tray. What else can I do about it?",
        "Thanks for checking the trays first. On this model the sensor behind the rear door often "
        "holds a small scrap of paper. Please switch the printer off, open the rear door, and pull "
        "both green levers down. Look along the rollers with a torch: even a piece the size of a "
        "stamp is enough to keep the message on the display. Close the levers and the door, wait "
        "thirty seconds, and switch it on again. If the jam is still reported after that, I can "
        "open a ticket for a technician. The next visit is tomorrow between nine and noon, in "
        "the morning; I would need your office number and a telephone number where you can be "
        "reached. Would you like me to book it, or would you rather try the rear door first and "
        "come back to me afterwards? Either way, your print queue is kept until this evening, and "
        "nothing of it will be lost in the meantime.",
    ),
    (
        "Can you explain why the invoice for March is higher than the one I received for February? "
        "I did not change my plan at all.",
        "I have looked at both invoices. The difference of 14.20 comes from two things. First, "
        "February had a credit of 9.00 for the outage on the 11th, which was applied only once. "
        "Second, the roaming package you booked on 28 January ran until 3 March, so its last "
        "days fell into the new billing period and were charged at 5.20. Your plan itself is "
        "unchanged at 39.90 a month, and nothing further is scheduled. If you would like, I can "
        "send you a side by side comparison of the two invoices as a PDF, or set a monthly cap so "
        "that extra charges need your confirmation first. Please note that the due date is the "
        "15th, and that disputing a line does not delay the payment of the rest. Shall I send the "
        "comparison to the e-mail address on file, or put the cap in place as well? "
        "Both can be done within today, if you like.",
    ),
]
USERS = {
    "guest": ANA,
    "signed in": f"user:cognito-eu-central-1:{UUID(int=2**127 - 12_345)}",
}


@pytest.mark.parametrize("user", USERS.values(), ids=list(USERS))
@pytest.mark.parametrize(("said", "reply"), SAYINGS, ids=["printer", "invoice"])
def test_a_turn_in_ordinary_english_takes_one_write_unit(user: str, said: str, reply: str) -> None:
    """120 bytes of text, 800 of reply, the longest ids there are, and a bot's state."""
    said, reply = said[:120], reply[:800]
    state: dict[str, Any] = {
        "dialogue": "printer",
        "slots": {"floor": 3, "model": "LaserJet 4250", "office": "3.14", "phone": None},
        "asked": "office",
        "count": 1234,
    }
    turn = a_turn(
        9_999,
        "1k3f9abQWERTYui",
        message_id=str(uuid4()),
        text=said,
        reply=reply,
        state=state,
        allowance=998.125,
        owner="QWERTYui",
    )
    assert (len(said.encode()), len(reply.encode())) == (120, 800)
    assert item_size(turn_item(ConversationKey(user, str(uuid4())), turn)) <= WRITE_UNIT_BYTES


@settings(max_examples=times(100, 5_000), deadline=None)
@given(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True), st.integers(1, limits.MAX_SEQ))
def test_names_of_items_are_read_back_and_stand_in_the_order_of_turns(name: str, seq: int) -> None:
    key = ConversationKey(ANA, name)
    assert keys.seq_of(keys.turn_id(key, seq)) == seq
    assert keys.conversation_id_of(keys.conversation_item_id(name)) == name
    ordered = [keys.first_turn_id(key), keys.turn_id(key, seq), keys.last_turn_id(key)]
    assert ordered == sorted(ordered)
    assert not keys.turn_id(key, seq).startswith(keys.CONVERSATION)


names = st.text("ab-_A0", min_size=1, max_size=5)


@settings(max_examples=times(100, 5_000), deadline=None)
@given(names, names, st.integers(1, limits.MAX_SEQ))
def test_no_turn_lies_between_the_bounds_of_another_conversation(
    one: str, other: str, seq: int
) -> None:
    key, stranger = ConversationKey(ANA, one), ConversationKey(ANA, other)
    between = keys.first_turn_id(key) <= keys.turn_id(stranger, seq) <= keys.last_turn_id(key)
    assert between is (one == other)
