"""One item of either table as `bot.user_data.holdings` tells it: all of its attributes, as JSON.

Nothing is chosen: an attribute that is new to this file is told as it is. Only what is kept
compressed, or as JSON in a string, is told as what it says.
"""

import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from bot.models import Status
from bot.user_data.holdings import Held, Kind, Place, Shelf
from store.dynamo import keys
from store.dynamo.attributes import Item
from store.dynamo.connections import is_active
from store.dynamo.packing import unpack, unpack_json
from store.dynamo.usage import is_usage

SAID = ("messageId", "text", "reply", "state", "content", "packed")
"""What a mark has nothing of."""


def held_of(place: Place, item: Item) -> Held:
    """What an item is, and says. One that is like none that is known is told as it is."""
    expires_at = item.get("expiresAt", {}).get("N")
    with suppress(KeyError, ValueError, TypeError, zlib.error):
        kind, contents = _read(place, item)
        return Held(place, kind, contents, int(expires_at) if expires_at else None)
    return Held(place, Kind.OTHER, {"table": place.shelf.value, **_plain_item(item)}, None)


def _read(place: Place, item: Item) -> tuple[Kind, Mapping[str, Any]]:
    """Raises KeyError or ValueError where it is none of what is known."""
    told = _plain_item(item)
    if place.shelf is Shelf.CONNECTIONS:
        if is_usage(item):
            return Kind.USAGE, {**told, "tokens": int(item["tokens"]["N"])}
        # A range key of another kind begins as no connection's id does (store/dynamo/usage.py).
        if place.name.startswith("#"):
            raise ValueError("this is no connection")
        return Kind.CONNECTION, {
            **told,
            "connectedAt": told["connectedAt"],
            "active": is_active(item),
        }
    first = place.name.partition("#")[0]
    del told["itemId"]
    return _READERS[first](place.name, item, told)


def _conversation(name: str, item: Item, told: dict[str, Any]) -> tuple[Kind, Mapping[str, Any]]:
    conversation_id = keys.conversation_id_of(name)
    return Kind.CONVERSATION, {**told, "conversationId": conversation_id, "epoch": told["epoch"]}


def _fork(name: str, item: Item, told: dict[str, Any]) -> tuple[Kind, Mapping[str, Any]]:
    _, conversation_id, fork = name.split("#")
    return Kind.FORK, {**told, "conversationId": conversation_id, "fork": fork}


def _turn(name: str, item: Item, told: dict[str, Any]) -> tuple[Kind, Mapping[str, Any]]:
    _, conversation_id, seq = name.split("#")
    kind = _kind_of_turn(Status(item["status"]["S"]), item)
    if kind is Kind.TURN:
        told = {name: value for name, value in told.items() if name != "packed"} | _said(item)
    else:
        told = {name: value for name, value in told.items() if name not in SAID}
    whose = {"conversationId": conversation_id, "seq": int(seq)}
    return kind, {**whose, **told, "createdAt": told["createdAt"], "epoch": told["epoch"]}


_Reader = Callable[[str, Item, dict[str, Any]], tuple[Kind, Mapping[str, Any]]]
_READERS: dict[str, _Reader] = {"conversation": _conversation, "fork": _fork, "turn": _turn}


def _kind_of_turn(status: Status, item: Item) -> Kind:
    if status is Status.FORKED:
        return Kind.ROOT
    if status is Status.DELETED and "completedAt" in item:
        return Kind.TOMBSTONE
    return Kind.SEAL if status in (Status.DELETED, Status.MOVED) else Kind.TURN


def _said(item: Item) -> dict[str, Any]:
    """What was said, as it was before it was compressed."""
    said: dict[str, Any] = {}
    if "packed" in item:
        said["text"], said["reply"], said["state"] = unpack(bytes(item["packed"]["B"]))
    elif "state" in item:
        said["state"] = json.loads(item["state"]["S"])
    if "content" in item:
        kept = item["content"]
        said["content"] = json.loads(unpack_json(bytes(kept["B"])) if "B" in kept else kept["S"])
    if "positions" in item:
        said["positions"] = json.loads(item["positions"]["S"])
    return said


def _plain_item(item: Item) -> dict[str, Any]:
    return {name: _plain(value) for name, value in item.items() if name != "userId"}


def _plain(value: Mapping[str, Any]) -> Any:
    """An attribute's value as JSON has it; bytes in base64."""
    ((kind, content),) = value.items()
    if kind == "N":
        return _number(content)
    if kind == "B":
        return b64encode(bytes(content)).decode()
    if kind == "NULL":
        return None
    if kind == "M":
        return {name: _plain(each) for name, each in content.items()}
    if kind == "L":
        return [_plain(each) for each in content]
    if kind in ("SS", "NS", "BS"):
        return [_plain({kind[0]: each}) for each in content]
    return content


def _number(text: str) -> int | float:
    number = float(text)
    return int(text) if text.lstrip("-").isdigit() else number
