"""What keeps the gateway from starting is said in one line, and the exit code is not zero."""

import asyncio
import contextlib
import io
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

from local_gateway.cli import main, read_settings
from local_gateway.deployment.parameters import parse_overrides
from local_gateway.deployment.template import CODE_URI, load
from local_gateway.errors import StartupError
from local_gateway.http.loopback import bind
from local_gateway.testing import GatewayProcess

FIXTURE_APP = Path(__file__).with_name("fixture_app")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURE_APP, tmp_path / "app"))


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the logging of the tests as it is."""
    monkeypatch.setattr("local_gateway.cli._log_to_stderr", lambda: None)


def failed_start(app: Path, *arguments: str) -> str:
    """Start in this process; return the one line that it ends with."""
    template, state = str(app / "template.yaml"), str(app.parent / "state")
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = main(["--template", template, "--data-dir", state, "--port", "0", *arguments])
    assert code == 1
    (complaint,) = said.getvalue().splitlines()
    assert complaint.startswith("local gateway: ")
    return complaint


def test_a_port_in_use_is_said_at_once(app: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway = GatewayProcess(app.parent / "state", ["--template", str(app / "template.yaml")])
        gateway.port = taken.getsockname()[1]
        assert gateway.run() == 1
    assert gateway.said == [
        f"local gateway: port {gateway.port} is in use; choose another with PORT"
    ]


def test_a_port_taken_between_binding_and_listening_is_not_served_twice() -> None:
    first = bind(0)
    port = first[0].getsockname()[1]
    first[0].listen()
    with pytest.raises(StartupError, match=f"port {port} is in use"):
        bind(port)
    for bound in first:
        bound.close()


def test_two_gateways_do_not_share_a_data_dir(app: Path, gateway: GatewayProcess) -> None:
    assert "is in use by another gateway" in failed_start(app, "--data-dir", str(gateway.data_dir))


def test_a_template_that_is_not_yaml_is_named_with_its_line(app: Path) -> None:
    (app / "template.yaml").write_text("Resources:\n  A: [1\n  B: 2\n")
    line = failed_start(app)
    assert f"{app / 'template.yaml'}:3: " in line


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("!GetAtt BriefFunction.Arn", "!Ref Nothing", "route brief leads to no function: Nothing"),
        ("brief:", "not_alphanumeric:", "alphanumeric"),
        ("AWS::DynamoDB::Table", "AWS::DynamoDB::Chair", "AWS::DynamoDB::Chair"),
    ],
)
def test_a_template_that_cannot_be_deployed_is_named_with_the_reason(
    app: Path, before: str, after: str, reason: str
) -> None:
    template = app / "template.yaml"
    template.write_text(template.read_text().replace(before, after))
    line = failed_start(app)
    assert str(template) in line
    assert reason in line


def test_a_resource_that_cannot_be_made_ends_the_process_with_the_reason_and_heals(
    app: Path,
) -> None:
    template = app / "template.yaml"
    good = template.read_text()
    template.write_text(good + "  Broken: {Type: AWS::Logs::LogStream, Properties: {}}\n")
    gateway = GatewayProcess(app.parent / "state", ["--template", str(template)])
    assert gateway.run() == 1
    assert f"{template}: Broken: " in gateway.said[-1]
    assert "LogGroupName" in gateway.said[-1]
    assert not any("Traceback" in line for line in gateway.said)
    template.write_text(good)
    gateway.start()
    assert gateway.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--parameter-overrides", "Absent=1"], "there is no parameter Absent"),
        (["--parameter-overrides", "Greeting=UPPER"], "Greeting"),
        (["--parameter-overrides", "nonsense"], "'nonsense' is not Name=value"),
        (["--faults", "nonsense=1"], "unknown kind 'nonsense'"),
        (["--assume", "nonsense=1"], "unknown name 'nonsense'"),
        (["--port", "many"], "PORT 'many' is not a number"),
        (["--port", "70000"], "between 0 and 65535"),
        (["--page", "/absent"], "--page /absent: there is no such directory"),
        (["--concurrency", "0"], "--concurrency 0: functions need at least 1"),
        (["--template", "/absent/template.yaml"], "/absent/template.yaml: No such file"),
    ],
)
def test_a_flag_that_makes_no_sense_is_said(app: Path, arguments: list[str], words: str) -> None:
    assert words in failed_start(app, *arguments)


@pytest.mark.parametrize(
    "address", ["nonsense", "localhost:8000", "ftp://localhost", "http://", "http://x:99999"]
)
def test_an_endpoint_that_is_no_address_is_said(
    app: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    said = failed_start(app)
    assert said.endswith(f"AWS_ENDPOINT_URL {address!r} is not an http or https address")


def test_a_parameter_without_default_and_value_is_named(app: Path) -> None:
    template = app / "template.yaml"
    text = template.read_text()
    template.write_text(text.replace("Parameters:\n", "Parameters:\n  Needed: {Type: String}\n"))
    assert "parameter Needed needs a value" in failed_start(app)


def test_code_that_is_not_there_is_named(app: Path) -> None:
    shutil.rmtree(app / "src")
    assert "there is no directory" in failed_start(app)


def test_a_stop_during_the_start_ends_well(app: Path) -> None:
    gateway = GatewayProcess(app.parent / "state", ["--template", str(app / "template.yaml")])
    gateway._launch()
    assert gateway._lines.get(timeout=30) is not None
    assert gateway.stop(signal.SIGINT) == 0


def test_a_second_ctrl_c_changes_nothing(app: Path) -> None:
    template = ["--template", str(app / "template.yaml")]
    gateway = GatewayProcess(app.parent / "state", template).start()
    assert gateway._process is not None
    for _ in range(3):
        gateway._process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    assert gateway.wait() == 0
    assert not any("Traceback" in line for line in gateway.said)


@pytest.mark.parametrize(
    ("words", "overrides"),
    [
        ([], {}),
        (["A=b", "C=d"], {"A": "b", "C": "d"}),
        (["A=b C=d"], {"A": "b", "C": "d"}),
        (["A=http://127.0.0.1:9000/x?y=z"], {"A": "http://127.0.0.1:9000/x?y=z"}),
        (["A="], {"A": ""}),
        (["A=one,two"], {"A": "one,two"}),
        (["A=good day", "B=c"], {"A": "good day", "B": "c"}),
        (['A="good day"'], {"A": "good day"}),
        (["ParameterKey=A,ParameterValue=b"], {"A": "b"}),
        (
            ["ParameterKey=A,ParameterValue=b=c ParameterKey=D,ParameterValue=e"],
            {"A": "b=c", "D": "e"},
        ),
    ],
)
def test_overrides_are_read_as_the_sam_cli_reads_them(
    words: list[str], overrides: dict[str, str]
) -> None:
    assert parse_overrides(words) == overrides


def test_environment_and_flags_move_port_and_data(tmp_path: Path) -> None:
    environ = {"PORT": "9001", "DATA_DIR": str(tmp_path), "AWS_ENDPOINT_URL": "http://x:8000"}
    settings = read_settings([], environ)
    assert (settings.port, settings.data_dir) == (9001, tmp_path)
    assert settings.other_dynamodb == "http://x:8000"
    settings = read_settings(["--port", "9002", "--seed", "7", "--faults", "fail=0.5"], environ)
    assert (settings.port, settings.faults.seed) == (9002, 7)
    assert read_settings([], {}).port == 8080


def test_the_projects_own_template_is_read() -> None:
    template = load(Path(__file__).parents[2] / "template.yaml")
    assert {path.name for path in template.code_dirs.values()} == {"src"}
    assert template.document["Resources"]["MessageFunction"]["Properties"]["CodeUri"] == CODE_URI


def test_binding_takes_both_loopbacks_and_no_other_address() -> None:
    async def run() -> set[str]:
        sockets = bind(0)
        addresses = {bound.getsockname()[0] for bound in sockets}
        for bound in sockets:
            bound.close()
        return addresses

    assert asyncio.run(run()) <= {"127.0.0.1", "::1"}
