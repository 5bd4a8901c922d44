"""Export and erasure from the command line: documents put together, rounds that go on."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from operations import erase as erasing
from operations import export as exporting
from operations.deployment import Deployment
from operations.document import Document
from operations.erase import IDLE_ROUNDS, erase
from operations.export import export
from operations.failures import OperationFailed
from operations.user_data import ATTEMPTS, CallFailed, caller
from tests.support.template import ROOT
from tests.support.turns import ANA

Answer = dict[str, Any] | Exception


class Script:
    """A function that answers as it is told, and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[Mapping[str, Any]] = []

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(event)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def no_sleep(seconds: float) -> None:
    """Go on at once."""


def a_turn(conversation: str, seq: int, epoch: str = "e", **more: Any) -> dict[str, Any]:
    return {
        "kind": "turn",
        "conversationId": conversation,
        "seq": seq,
        "epoch": epoch,
        "text": f"{conversation} {seq} ünï",
        **more,
    }


def a_root(conversation: str, origin: str, seq: int, epoch: str = "e") -> dict[str, Any]:
    return {
        "kind": "root",
        "conversationId": conversation,
        "seq": 1,
        "epoch": f"of {conversation}",
        "originConversationId": origin,
        "originEpoch": epoch,
        "originSeq": seq,
    }


def document_of(*items: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The document of things, and which forks lack turns."""
    written = io.StringIO()
    document = Document(ANA, "2026-11-24T00:00:00.000Z", written.write)
    for item in items:
        document.add(item)
    document.finish()
    return json.loads(written.getvalue()), document.lacking


def test_of_nobody_there_is_a_document_too() -> None:
    document, _ = document_of()
    assert document == {
        "format": "parley.user-data/1",
        "userId": ANA,
        "exportedAt": "2026-11-24T00:00:00.000Z",
        "conversations": [],
        "connections": [],
        "usage": [],
        "forks": [],
        "other": [],
        "items": 0,
    }


def test_each_conversation_has_its_log_whether_it_is_listed_or_not() -> None:
    document, _ = document_of(
        {"kind": "usage", "tokens": 3},
        {"kind": "connection", "connectionId": "c="},
        {"kind": "conversation", "conversationId": "a", "title": "A"},
        {"kind": "conversation", "conversationId": "empty", "title": "E"},
        {"kind": "fork", "conversationId": "a", "fork": "b"},
        {"kind": "other", "itemId": "memory#", "note": "n"},
        {"kind": "novelty", "what": "a kind that this command does not know"},
        a_turn("a", 1),
        a_turn("a", 2),
        a_root("b", "a", 2),
        a_turn("b", 3),
    )
    assert [each["conversationId"] for each in document["conversations"]] == ["a", "b", "empty"]
    a, b, empty = document["conversations"]
    assert (a["title"], [each["text"] for each in a["log"]]) == ("A", ["a 1 ünï", "a 2 ünï"])
    assert [each["kind"] for each in b["log"]] == ["root", "turn"]
    assert (empty["title"], empty["log"]) == ("E", [])
    assert document["usage"] == [{"tokens": 3}]
    assert document["connections"] == [{"connectionId": "c="}]
    assert document["forks"] == [{"conversationId": "a", "fork": "b"}]
    assert document["other"] == [{"itemId": "memory#", "note": "n"}]
    assert document["novelty"] == [{"what": "a kind that this command does not know"}]
    assert document["items"] == 11


@pytest.mark.parametrize(
    ("logs", "lacking"),
    [
        ([a_root("b", "a", 2), a_turn("a", 1), a_turn("a", 2), a_turn("a", 3)], []),
        ([a_root("b", "a", 2), a_turn("a", 1)], ["b"]),
        ([a_root("b", "a", 2), a_turn("a", 2)], ["b"]),
        ([a_root("b", "a", 2), a_turn("a", 1, "x"), a_turn("a", 2, "x")], ["b"]),
        ([a_root("b", "a", 0)], []),
        # A fork of a fork, of turns that the first has from elsewhere, and its own.
        (
            [
                a_turn("a", 1),
                a_turn("a", 2),
                a_root("b", "a", 2),
                a_turn("b", 3, "of b"),
                a_root("c", "b", 3, "of b"),
            ],
            [],
        ),
        ([a_turn("a", 1), a_root("b", "a", 1), a_root("c", "b", 2, "of b")], ["c"]),
    ],
)
def test_forks_whose_first_turns_were_not_found_are_named(
    logs: list[dict[str, Any]], lacking: list[str]
) -> None:
    _, found = document_of(*logs)
    assert found == lacking


def test_an_export_goes_on_by_the_cursor_and_calls_again_what_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = {"shelf": "sessions", "name": "turn#a#0000000001"}
    call = Script(
        {"items": [a_turn("a", 1)], "cursor": here},
        CallFailed("StoreUnavailable: not now"),
        {"items": [a_turn("a", 2)], "cursor": None},
    )
    written = io.StringIO()
    export(ANA, call, written, no_sleep)
    (log,) = json.loads(written.getvalue())["conversations"]
    assert [each["seq"] for each in log["log"]] == [1, 2]
    assert [each["cursor"] for each in call.asked] == [None, here, here]
    assert "once more" in capsys.readouterr().err


EXPORT = """
import sys
from operations import export
export.chosen = lambda options: None
export.caller = lambda deployment: lambda event: {"items": [{"kind": "x"}] * 9999, "cursor": None}
sys.exit(export.main(["user:x"]))
"""


@pytest.mark.parametrize(
    ("to", "said"), [("/dev/full", "No space left on device"), ("a pipe", "Broken pipe")]
)
def test_a_document_that_cannot_be_written_is_told_in_one_line(to: str, said: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") if to == "a pipe" else open(to, "w") as where:
        done = subprocess.run(
            [sys.executable, "-c", EXPORT],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": "src:."},
            stdout=where,
            stderr=subprocess.PIPE,
            text=True,
        )
    lines = done.stderr.splitlines()
    assert lines[-1] == f"export: the document was not written: {said}"
    assert all(line.startswith("export: ") for line in lines)
    assert done.returncode == 1


def test_who_ends_the_input_when_asked_has_not_said_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(erasing, "chosen", lambda options: None)
    monkeypatch.setattr(erasing, "caller", lambda deployment: Script())
    assert erasing.main([ANA]) == 1
    assert capsys.readouterr().err.endswith("erase: nothing was erased\n")


def test_an_export_that_fails_for_good_leaves_nothing_that_passes_for_a_document() -> None:
    sheet = {"items": [a_turn("a", 1)], "cursor": {"shelf": "sessions", "name": "x"}}
    call = Script(sheet, *[CallFailed("no answer")] * ATTEMPTS)
    written = io.StringIO()
    with pytest.raises(OperationFailed, match="no answer"):
        export(ANA, call, written, no_sleep)
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(written.getvalue())


# ---- erasing


def a_receipt(*, finished: bool, removed: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "userIdSha256": "ab",
        "startedAt": "first",
        "finished": finished,
        "cursor": None,
        "closed": 1,
        "handedOver": 0,
        "removed": {"turn": removed} if removed else {},
        "left": {},
        "newer": {},
        "remains": [],
        **more,
    }


def test_an_erasure_goes_on_until_it_is_finished_and_adds_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call = Script(
        a_receipt(finished=False, removed=3, cursor="main", left=None),
        CallFailed("no answer"),
        a_receipt(finished=True, removed=4),
    )
    receipt = erase(ANA, call, no_sleep)
    assert (receipt["removed"], receipt["closed"]) == ({"turn": 7}, 2)
    assert (receipt["finished"], receipt["receiptsLost"]) == (True, 1)
    assert "cursor" not in receipt
    asked = [(each["startedAt"], each["cursor"]) for each in call.asked]
    assert asked == [(None, None), ("first", "main"), ("first", "main")]
    assert "7 things removed" in capsys.readouterr().err


def test_an_erasure_that_does_not_get_on_ends_and_says_what_is_left() -> None:
    stuck = a_receipt(finished=False, left={"connection": 1})
    call = Script(*[stuck] * 99)
    receipt = erase(ANA, call, no_sleep)
    assert (receipt["finished"], receipt["left"]) == (False, {"connection": 1})
    assert len(call.asked) == IDLE_ROUNDS


def test_an_erasure_that_only_looks_for_a_while_gets_on_by_its_cursor() -> None:
    rounds = [a_receipt(finished=False, cursor=f"c{n}", left=None) for n in range(20)]
    call = Script(*rounds, a_receipt(finished=True, removed=1))
    assert erase(ANA, call, no_sleep)["finished"]


def test_a_function_that_does_not_answer_ends_it() -> None:
    with pytest.raises(OperationFailed, match="no answer"):
        erase(ANA, Script(*[CallFailed("no answer")] * ATTEMPTS), no_sleep)


@pytest.mark.parametrize("main", [exporting.main, erasing.main])
def test_without_a_deployment_the_commands_say_so(
    main: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert main([ANA]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "no gateway runs in" in said.err


def test_a_deployment_that_is_older_has_no_such_function() -> None:
    with pytest.raises(OperationFailed, match="older"):
        caller(Deployment("c", "s", "e"))


class Lambda(BaseHTTPRequestHandler):
    """Lambda's Invoke, which answers by a list of (status, headers, body)."""

    answers: ClassVar[list[tuple[int, dict[str, str], str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = self.answers.pop(0)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def lambda_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Lambda) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_fails_at_lambda_is_called_again_if_it_may_pass(lambda_url: str) -> None:
    call = caller(
        Deployment(
            "c",
            "s",
            "e",
            user_data_function="f",
            region="us-east-1",
            engine_url=lambda_url,
            lambda_url=lambda_url,
        )
    )
    failure = {"X-Amz-Function-Error": "Unhandled"}
    Lambda.answers[:] = [
        (200, {}, '{"items": []}'),
        (200, failure, '{"errorType": "StoreUnavailable", "errorMessage": "not now"}'),
        (429, {"x-amzn-ErrorType": "TooManyRequestsException"}, "{}"),
        (503, {}, ""),
        (403, {"x-amzn-ErrorType": "AccessDeniedException"}, '{"Message": "no"}'),
    ]
    assert call({"operation": "export"}) == {"items": []}
    for reason in ("StoreUnavailable: not now", "TooManyRequestsException", "503"):
        with pytest.raises(CallFailed, match=reason):
            call({"operation": "export"})
    with pytest.raises(OperationFailed, match="AccessDeniedException"):
        call({"operation": "export"})
