"""What is asked of DynamoDB, request by request, and what DynamoDB charges for it.

A botocore session initializer attaches the meter to every client made while it runs, so nothing
that is measured has to know. Write units are those that the engine returns. Read units are computed
from the sizes of what was read, since MiniStack answers the same for every size.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import botocore
from botocore.session import Session

READ_UNIT_BYTES = 4096
WRITE_UNITS_PRICE = 5
"""Read units that a write unit costs as much as, on demand: https://aws.amazon.com/dynamodb/pricing"""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `about` is the kind of the item it names, or else the table."""

    operation: str
    about: str
    conditional: bool
    consistent: bool
    write_units: float
    read_units: float
    refused: str | None


@dataclass(slots=True, eq=False)
class Cost:
    """Requests, and how often botocore sent any: more often where it tried again."""

    requests: list[Request] = field(default_factory=list)
    sent: int = 0

    @property
    def write_units(self) -> float:
        return sum(request.write_units for request in self.requests)

    @property
    def read_units(self) -> float:
        return sum(request.read_units for request in self.requests)

    @property
    def price(self) -> float:
        """In read units."""
        return self.write_units * WRITE_UNITS_PRICE + self.read_units

    def part(self, about: str) -> "Cost":
        """Only what is about that kind of item."""
        return _cost(each for each in self.requests if each.about == about)

    def without(self, about: str) -> "Cost":
        """All but what is about that kind of item."""
        return _cost(each for each in self.requests if each.about != about)

    def __str__(self) -> str:
        return f"{len(self.requests)} / {self.write_units:g} / {self.read_units:g}"


@contextmanager
def every_session(attach: Callable[[Session], None]) -> Iterator[None]:
    """Attach something to each of botocore's sessions that is made meanwhile."""
    botocore.register_initializer(attach)
    try:
        yield
    finally:
        botocore.unregister_initializer(attach)


class Meter:
    """Counts the requests of all DynamoDB clients made while it is attached."""

    def __init__(self) -> None:
        self._running: list[Cost] = []

    def attached(self) -> AbstractContextManager[None]:
        """Meter every client made meanwhile."""
        return every_session(self._attach)

    @contextmanager
    def counting(self) -> Iterator[Cost]:
        """Count into the cost given."""
        cost = Cost()
        self._running.append(cost)
        try:
            yield cost
        finally:
            self._running.remove(cost)

    def _attach(self, session: Session) -> None:
        emitter = session.get_component("event_emitter")
        emitter.register("before-parameter-build.dynamodb", self._asking)
        emitter.register("before-send.dynamodb", self._sending)
        # First: boto3's resources turn what was read into Python's types, which have no sizes.
        emitter.register_first("after-call.dynamodb", self._answered)

    def _asking(
        self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        context["metered"] = params
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "TOTAL"

    def _sending(self, **_: Any) -> None:
        for cost in self._running:
            cost.sent += 1

    def _answered(
        self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        if not self._running:
            return
        request = _request(model.name, context["metered"], parsed)
        for cost in self._running:
            cost.requests.append(request)


def read_units(items: Iterable[Mapping[str, Any]], consistent: bool) -> float:
    """What reading these items at once costs; reading nothing costs as much as one small item."""
    size = sum(item_size(item) for item in items)
    return max(ceil(size / READ_UNIT_BYTES), 1) * (1 if consistent else 0.5)


def item_size(item: Mapping[str, Any]) -> int:
    """Bytes of an item, nested ones too."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return (len(content.lstrip("-").replace(".", "")) + 1) // 2 + 1
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _value_size(element) for element in content)
        case "M":
            return 3 + len(content) + item_size(content)
    raise ValueError(f"sizes of {kind} are not known here")


def _request(operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> Request:
    refused = parsed.get("Error", {}).get("Code")
    consistent = bool(params.get("ConsistentRead"))
    reads = operation in ("GetItem", "Query") and not refused
    items = parsed.get("Items") or ([parsed["Item"]] if parsed.get("Item") else [])
    charged = _charged(parsed.get("ConsumedCapacity", {}))
    return Request(
        operation=operation,
        about=_about(params),
        conditional="ConditionExpression" in params,
        consistent=consistent,
        write_units=0 if reads else charged,
        read_units=read_units(items, consistent) if reads else 0,
        refused=refused,
    )


def _charged(consumed: Mapping[str, Any] | list[Mapping[str, Any]]) -> float:
    tables = consumed if isinstance(consumed, list) else [consumed]  # a transaction names each
    return sum(float(table.get("CapacityUnits", 0)) for table in tables)


def _about(params: Mapping[str, Any]) -> str:
    if "TransactItems" in params:
        return "transaction"
    named = params.get("Item") or params.get("Key") or {}
    if "itemId" in named:
        return str(named["itemId"]["S"].partition("#")[0])
    return str(params.get("TableName", ""))


def _cost(requests: Iterable[Request]) -> Cost:
    kept = list(requests)
    return Cost(kept, len(kept))
