"""That the scales are true: sizes, units, and what is counted."""

import json
from collections.abc import Iterator
from math import ceil
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from benchmarks.rivals import KEY, TABLE, create_rivals_table
from benchmarks.turn_cost_engine import Ground, dynamodb, ground
from benchmarks.turn_cost_meter import item_size, read_units
from benchmarks.turn_cost_samples import samples


@pytest.fixture(scope="module")
def here() -> Iterator[Ground]:
    with ground() as made:
        create_rivals_table()
        yield made


@pytest.mark.parametrize(
    ("sizes", "consistent", "units"),
    [
        ([], True, 1),
        ([], False, 0.5),
        ([4096], True, 1),
        ([4097], True, 2),
        ([4097], False, 1),
        ([2000, 2000, 96], True, 1),
        ([2000, 2000, 97], True, 2),
        ([409_600], True, 100),
    ],
)
def test_what_is_read_at_once_is_added_up_before_it_is_rounded(
    sizes: list[int], consistent: bool, units: float
) -> None:
    items = [{"a": {"S": "x" * (size - 1)}} for size in sizes]
    assert read_units(items, consistent) == units


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"ab": {"S": "é"}}, 4),
        ({"a": {"N": "7"}}, 3),
        ({"a": {"N": "-12.345"}}, 5),
        ({"a": {"B": b"123"}}, 4),
        ({"a": {"BOOL": True}}, 2),
        ({"a": {"NULL": True}}, 2),
        ({"a": {"L": [{"S": "x"}, {"S": "y"}]}}, 8),
        ({"a": {"M": {"b": {"S": "x"}}}}, 7),
    ],
)
def test_an_items_size_counts_names_values_and_nesting(item: dict[str, Any], size: int) -> None:
    assert item_size(item) == size


@pytest.mark.parametrize("length", [900, 1010, 1011, 5000])
def test_the_engine_charges_a_write_by_the_same_size(here: Ground, length: int) -> None:
    item = {KEY: {"S": "k"}, "a": {"L": [{"M": {"b": {"S": "x" * length}}}]}}
    with here.meter.counting() as cost:
        dynamodb().put_item(TableName=TABLE, Item=item)
    assert cost.write_units == ceil(item_size(item) / 1024)


def test_a_refused_request_is_seen(here: Ground) -> None:
    item = {KEY: {"S": "k"}, "a": {"S": "x" * 409_600}}
    with here.meter.counting() as cost, pytest.raises(ClientError):
        dynamodb().put_item(TableName=TABLE, Item=item)
    assert [request.refused for request in cost.requests] == ["ValidationException"]


def test_a_request_that_botocore_sends_again_counts_as_sent_twice(here: Ground) -> None:
    client = dynamodb()
    answers = [_unavailable(), None]
    client.meta.events.register_last("before-send.dynamodb.GetItem", lambda **_: answers.pop(0))
    with here.meter.counting() as cost:
        client.get_item(TableName=TABLE, Key={KEY: {"S": "k"}})
    assert (len(cost.requests), cost.sent) == (1, 2)


def test_samples_take_120_bytes_of_text_and_800_of_reply() -> None:
    sizes = {(len(each.text.encode()), len(each.reply.encode())) for each in samples()}
    assert sizes == {(120, 800)}
    states = [len(json.dumps(each.state, separators=(",", ":"))) for each in samples()]
    assert len(states) == 8
    assert 100 <= min(states) <= max(states) <= 240


class _Body:
    def stream(self) -> Iterator[bytes]:
        yield b"{}"


def _unavailable() -> AWSResponse:
    return AWSResponse("http://127.0.0.1/", 503, {}, _Body())  # type: ignore[arg-type]
