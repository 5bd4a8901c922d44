"""The function that exports and erases: an operator's events in, sheets and receipts out."""

import hashlib
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger

from bot.errors import BadRequest
from bot.user_data import exporting
from handlers import user_data
from handlers.setup.apps import UserDataApp
from operations.deployment import FUNCTION_SECONDS
from store.memory.conversations import MemoryConversationStore
from tests.support.clock import FakeClock
from tests.support.erasing import House
from tests.support.template import template
from tests.support.turns import ANA
from tests.support.workers import Worker


class Context:
    """Lambda's context, with so many seconds left."""

    def __init__(self, seconds: float = 120) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        """See Lambda."""
        return int(self._seconds * 1_000)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def house(clock: FakeClock) -> House:
    """What is kept, of Ana above all."""
    made = House(MemoryConversationStore(), clock)
    worker = Worker(made.store, clock)
    for number in range(3):
        worker.say(f"m{number}", "said in confidence")
    clock.advance(minutes=10)
    worker.say("m3", "said in confidence")
    clock.advance(seconds=1)
    return made


@pytest.fixture
def app(house: House) -> UserDataApp:
    return UserDataApp(house.holdings, house.erasure(), Logger(), house.clock)


def ask(app: UserDataApp, operation: str, seconds: float = 120, **fields: Any) -> dict[str, Any]:
    """Ask the function, through JSON as Lambda does."""
    event = json.loads(json.dumps({"operation": operation, "userId": ANA, **fields}))
    answer: dict[str, Any] = json.loads(
        json.dumps(user_data.answer(app, event, Context(seconds)), allow_nan=False)
    )
    return answer


def test_an_export_is_told_in_sheets_that_go_on_from_one_another(
    app: UserDataApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole, end) = (ask(app, "export")[name] for name in ("items", "cursor"))
    assert end is None
    assert [item["kind"] for item in whole] == ["conversation"] + ["turn"] * 4
    monkeypatch.setattr(exporting, "SHEET_BYTES", 1)
    items, cursor = [], None
    for _ in whole:
        answer = ask(app, "export", cursor=cursor)
        items += answer["items"]
        cursor = answer["cursor"]
    assert cursor is None
    assert items == whole


def test_an_erasure_is_told_by_a_receipt_that_names_nobody(app: UserDataApp) -> None:
    receipt = ask(app, "erase")
    assert receipt == {
        "userIdSha256": hashlib.sha256(ANA.encode()).hexdigest(),
        "startedAt": "2026-03-01T12:10:01.000Z",
        "at": "2026-03-01T12:10:01.000Z",
        "finished": True,
        "cursor": None,
        "closed": 0,
        "handedOver": 0,
        "removed": {"conversation": 1, "turn": 4},
        "left": {},
        "newer": {},
        # The seal and the one turn that is younger than seven minutes.
        "remains": [{"kind": "tombstone", "count": 2, "until": "2026-03-02T12:10:01.000Z"}],
    }
    assert ANA not in json.dumps(receipt)


def test_what_came_after_the_erasure_began_is_left_by_all_of_its_calls(
    app: UserDataApp, house: House, clock: FakeClock
) -> None:
    first = ask(app, "erase")
    clock.advance(seconds=1)
    Worker(house.store, clock).say("new")
    second = ask(app, "erase", startedAt=first["startedAt"], cursor=first["cursor"])
    assert (second["finished"], second["removed"]) == (True, {})
    assert second["newer"] == {"conversation": 1, "turn": 1}
    clock.advance(seconds=1)
    assert ask(app, "erase")["removed"] == {"conversation": 1, "turn": 1}


@pytest.mark.parametrize("cursor", ["~", "\U0010ffff"])
def test_a_cursor_that_no_answer_gave_costs_a_call_and_leaves_nothing_unseen(
    app: UserDataApp, house: House, cursor: str
) -> None:
    before = house.things()
    receipt = ask(app, "erase", cursor=cursor)
    assert (receipt["finished"], receipt["cursor"], receipt["removed"]) == (False, None, {})
    assert receipt["left"] == {"conversation": 1, "turn": 4}
    assert house.things() == before
    assert ask(app, "erase")["finished"]


def test_an_erasure_never_begins_in_the_future(app: UserDataApp) -> None:
    """It would take what the user is writing just now for old, for as long as it goes on."""
    receipt = ask(app, "erase", startedAt="2099-01-01T00:00:00.000Z")
    assert receipt["startedAt"] == "2026-03-01T12:10:01.000Z"


def test_a_call_without_time_does_nothing_and_says_so(app: UserDataApp, house: House) -> None:
    before = house.things()
    receipt = ask(app, "erase", seconds=0)
    assert (receipt["finished"], receipt["left"], receipt["removed"]) == (False, None, {})
    assert house.things() == before


def test_a_call_answers_long_before_its_time_is_up() -> None:
    timeout = template()["Resources"]["UserDataFunction"]["Properties"]["Timeout"]
    needed = user_data.SPAN + user_data.MARGIN
    assert needed < timedelta(seconds=timeout)
    assert timeout < FUNCTION_SECONDS, "the command waits for as long"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"operation": "erase"},
        {"operation": "erase", "userId": ""},
        {"operation": "erase", "userId": 7},
        {"operation": "export", "userId": "x" * 513},
        {"operation": "forget", "userId": ANA},
        {"operation": ["erase"], "userId": ANA},
        {"operation": "export", "userId": ANA, "cursor": "here"},
        {"operation": "export", "userId": ANA, "cursor": {"shelf": "attic", "name": "x"}},
        {"operation": "erase", "userId": ANA, "cursor": 7},
        {"operation": "erase", "userId": ANA, "startedAt": "yesterday"},
        {"operation": "erase", "userId": ANA, "startedAt": "2026-01-01T00:00:00"},
        {"operation": "erase", "userId": ANA, "startedAt": 7},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_and_nothing_is_done(
    app: UserDataApp, house: House, event: dict[str, Any]
) -> None:
    before = house.things()
    with pytest.raises(BadRequest) as refused:
        user_data.answer(app, event, Context())
    assert ANA not in str(refused.value)
    assert house.things() == before


def test_neither_what_was_said_nor_whose_it_is_is_logged(app: UserDataApp) -> None:
    said = io.StringIO()
    logged = replace(app, logger=Logger(service="user-data", stream=said))
    ask(logged, "export")
    ask(logged, "erase")
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["exported", "erased"]
    assert lines[1]["removed"] == {"conversation": 1, "turn": 4}
    assert "confidence" not in str(lines)
    assert ANA not in str(lines)


@pytest.mark.parametrize("operation", ["export", "erase"])
def test_every_line_carries_lambdas_id_of_the_invocation(
    app: UserDataApp, logged: io.StringIO, operation: str
) -> None:
    context: Any = Context()
    context.aws_request_id = "invocation"
    user_data.answer(app, {"operation": operation, "userId": ANA}, context)
    (line,) = map(json.loads, logged.getvalue().splitlines())
    assert line.get("correlation_id") == "invocation"
