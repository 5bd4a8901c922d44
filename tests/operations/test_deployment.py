"""Finding a deployment: what is not there, or may not be touched, is said in one line."""

import json
import socket
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_gateway.deployment import notice
from operations.deployment import NOTICE, Deployment, add_choice, chosen, of_gateway, of_stack
from operations.disconnect import main
from operations.failures import OperationFailed
from tests.operations.conftest import deploy
from tests.support.connections_endpoint import ConnectionsEndpoint
from tests.support.template import template


def test_a_stack_is_found_by_its_outputs(stack: str, endpoint: ConnectionsEndpoint) -> None:
    found = of_stack(stack)
    assert found.connections_endpoint == endpoint.url
    assert "ConnectionsTable" in found.connections_table
    assert "SessionsTable" in found.sessions_table
    assert (found.region, found.dynamodb_url, found.engine_url) == ("us-east-1", None, None)
    listed = found.dynamodb().list_tables()["TableNames"]
    assert {found.connections_table, found.sessions_table} <= set(listed)


def test_the_outputs_that_are_read_are_the_templates() -> None:
    outputs = template()["Outputs"]
    assert outputs["ConnectionsTableName"]["Value"] == {"Ref": "ConnectionsTable"}
    assert outputs["SessionsTableName"]["Value"] == {"Ref": "SessionsTable"}
    assert "ConnectionsEndpoint" in outputs


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command says as it fails: one line."""
    assert main(["user:x", *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("disconnect: ")
    return line


def test_a_stack_that_is_not_there_is_named_with_the_region(
    aws: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no stack nowhere in us-east-1" in failed(capsys, "--stack", "nowhere")


def test_a_region_is_taken_by_either_name(
    aws: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "there is no stack nowhere in eu-west-1" in failed(capsys, "--stack", "nowhere")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "there is no stack nowhere in eu-west-1" in failed(capsys, "--stack", "nowhere")


def test_a_stack_of_something_else_is_told(aws: str, capsys: pytest.CaptureFixture[str]) -> None:
    other = deploy(aws, {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    line = failed(capsys, "--stack", other)
    assert f"stack {other} is no Parley: it has no output 'ConnectionsTableName'" in line


def test_a_table_that_is_gone_is_named(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    deployment = of_stack(stack)
    deployment.dynamodb().delete_table(TableName=deployment.connections_table)
    line = failed(capsys, "--stack", stack)
    assert deployment.connections_table in line
    assert "ResourceNotFoundException" in line


def test_without_a_region_or_credentials_it_says_which(
    nobody: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "You must specify a region" in failed(capsys, "--stack", "chat")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert "Unable to locate credentials" in failed(capsys, "--stack", "chat")


def test_a_profile_that_is_not_there_is_named(
    nobody: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")
    assert "absent" in failed(capsys, "--stack", "chat")


# ---- the laptop


@pytest.fixture
def listening() -> Iterator[str]:
    """An address at which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def said(engine: str, **changes: Any) -> dict[str, Any]:
    """What a gateway's notice says."""
    return {
        "region": "us-east-1",
        "engine": engine,
        "dynamodb": engine,
        "connectionsEndpoint": "http://127.0.0.1:8080/prod",
        "tables": {"ConnectionsTable": "connections-1", "SessionsTable": "sessions-1"},
        "pushQueue": "http://127.0.0.1:4566/000000000000/push.fifo",
        "broadcastQueue": "http://127.0.0.1:4566/000000000000/broadcast.fifo",
        **changes,
    }


def credentials(client: Any) -> str:
    """Whose key a client signs with."""
    key: str = client._request_signer._credentials.access_key
    return key


def test_a_running_gateway_is_found_by_its_notice(tmp_path: Path, listening: str) -> None:
    assert NOTICE == notice.NAME
    notice.put_up(tmp_path, said(listening))
    assert of_gateway(tmp_path) == Deployment(
        "connections-1",
        "sessions-1",
        "http://127.0.0.1:8080/prod",
        push_queue="http://127.0.0.1:4566/000000000000/push.fifo",
        broadcast_queue="http://127.0.0.1:4566/000000000000/broadcast.fifo",
        region="us-east-1",
        dynamodb_url=listening,
        engine_url=listening,
    )


def test_the_laptop_is_never_given_the_users_own_credentials(
    nobody: None, tmp_path: Path, listening: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice.put_up(tmp_path, said(listening))
    for own in (None, "AKIAOWN"):
        if own:
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", own)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", own)
        found = of_gateway(tmp_path)
        assert credentials(found.dynamodb()) == "test"
        assert credentials(found.management_api()) == "test"
    notice.put_up(tmp_path, said(listening, dynamodb="http://127.0.0.1:8000"))
    found = of_gateway(tmp_path)
    assert credentials(found.dynamodb()) == "AKIAOWN", "another DynamoDB is the user's own"
    assert credentials(found.management_api()) == "test"


@pytest.mark.parametrize(
    "prepare",
    [
        lambda directory: None,
        lambda directory: directory.rmdir(),
        lambda directory: notice.put_up(directory, said("http://127.0.0.1:1")),
    ],
    ids=["never started", "no such folder", "killed"],
)
def test_a_gateway_that_does_not_run_is_told_with_the_remedy(
    prepare: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    prepare(data_dir)
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    for arguments in ([], ["--local"]):
        line = failed(capsys, *arguments)
        assert f"no gateway runs in {data_dir}: start it by `make run`" in line


def test_without_a_choice_it_is_the_laptops_usual_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = ArgumentParser()
    add_choice(parser)
    asked: list[Path] = []

    def find(data_dir: Path) -> Deployment:
        asked.append(data_dir)
        raise OperationFailed("none")

    monkeypatch.setattr("operations.deployment.of_gateway", find)
    for environ in ({}, {"DATA_DIR": ""}, {"DATA_DIR": "elsewhere"}):
        with pytest.raises(OperationFailed):
            chosen(parser.parse_args([]), environ)
    assert asked == [Path(".parley"), Path(".parley"), Path("elsewhere")]


def test_a_notice_is_for_its_owner_alone_and_whole(tmp_path: Path) -> None:
    for region in ("one", "two"):
        notice.put_up(tmp_path, said("http://127.0.0.1:1", region=region))
        written = tmp_path / notice.NAME
        assert written.stat().st_mode & 0o777 == 0o600
        assert json.loads(written.read_text())["region"] == region
    assert [path.name for path in tmp_path.iterdir()] == [notice.NAME]
    for _ in range(2):
        notice.take_down(tmp_path)
        assert list(tmp_path.iterdir()) == []
