"""One JSON document of all that is kept of a user, written as it comes: no length is too much.

Things come table by table, in the order of their keys: connections, usage, the list of
conversations, notes of forks, and then the logs, conversation by conversation. What stands before
the logs is small, and kept until the logs are written; so is whatever nobody knows.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

FORMAT = "parley.user-data/1"
Item = Mapping[str, Any]

IN_LOGS = ("turn", "root", "seal", "tombstone")


class Document:
    """Writes the document of one user; `write` takes text."""

    def __init__(self, user_id: str, at: str, write: Callable[[str], object]) -> None:
        self._write = write
        self._small: dict[str, list[Item]] = {
            kind: [] for kind in ("connection", "usage", "fork", "other")
        }
        self._listed: dict[str, Item] = {}
        self._open = ""
        self._lineage = Lineage()
        self.items = 0
        head = {"format": FORMAT, "userId": user_id, "exportedAt": at}
        write(_json(head)[:-1] + ',\n"conversations": [')
        self._first = True

    @property
    def lacking(self) -> list[str]:
        """Forks of which turns were not found that they have from elsewhere: these have expired,
        or were on their way to the fork just then."""
        return self._lineage.lacking

    def add(self, item: Item) -> None:
        """Take the next thing."""
        self.items += 1
        kind, told = item["kind"], {name: item[name] for name in item if name != "kind"}
        if kind == "conversation":
            self._listed[item["conversationId"]] = told
        elif kind in IN_LOGS:
            self._lineage.see(item)
            self._add_to_log(item["conversationId"], item)
        else:
            self._small.setdefault(kind, []).append(told)

    def finish(self) -> None:
        """Write what is left. Without it the document is no JSON, and not taken for whole."""
        self._close_log()
        for conversation_id in list(self._listed):
            self._open_log(conversation_id)
            self._close_log()
        self._write("]")
        names = {"connection": "connections", "usage": "usage", "fork": "forks"}
        for kind, items in self._small.items():
            self._write(f",\n{_json(names.get(kind, kind))}: {_json(items)}")
        self._write(f',\n"items": {self.items}\n}}\n')

    def _add_to_log(self, conversation_id: str, item: Item) -> None:
        if self._open != conversation_id:
            self._close_log()
            self._open_log(conversation_id)
            separator = "\n"
        else:
            separator = ",\n"
        told = {name: item[name] for name in item if name != "conversationId"}
        self._write(separator + _json(told))

    def _open_log(self, conversation_id: str) -> None:
        listed = self._listed.pop(conversation_id, {})
        head = {"conversationId": conversation_id, **listed}
        self._write(("" if self._first else ",") + "\n" + _json(head)[:-1] + ', "log": [')
        self._open, self._first = conversation_id, False

    def _close_log(self) -> None:
        if self._open:
            self._write("]}")
        self._open = ""


class Lineage:
    """Whether all turns were seen that forks share with other conversations."""

    def __init__(self) -> None:
        self._roots: list[Item] = []
        self._seen: dict[tuple[str, str], list[int]] = {}

    def see(self, item: Item) -> None:
        """Take note of a thing in a log."""
        if item["kind"] == "root":
            self._roots.append(item)
        elif item["kind"] == "turn":
            runs = self._seen.setdefault((item["conversationId"], item["epoch"]), [])
            # As runs: first, last, first, last; of a log without holes that is one.
            if runs and runs[-1] == item["seq"] - 1:
                runs[-1] = item["seq"]
            else:
                runs += [item["seq"], item["seq"]]

    @property
    def lacking(self) -> list[str]:
        """The forks of which some were not."""
        return [root["conversationId"] for root in self._roots if not self._is_whole(root)]

    def _is_whole(self, root: Item) -> bool:
        name = (root["originConversationId"], root["originEpoch"])
        runs = self._seen.get(name, [])
        first = 1 + self._behind_root(name)
        return root["originSeq"] < first or any(
            start <= first and root["originSeq"] <= end
            for start, end in zip(runs[::2], runs[1::2], strict=True)
        )

    def _behind_root(self, name: tuple[str, str]) -> int:
        """What the other conversation has from elsewhere itself."""
        own = (root for root in self._roots if (root["conversationId"], root["epoch"]) == name)
        return max((root["originSeq"] for root in own), default=0)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
