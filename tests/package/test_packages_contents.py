"""What lies in each built package, and what does not."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import build_package
from tests.package.building import ROOT, build
from tests.package.functions import FUNCTION, resources, variables
from tests.support.template import template

FUNCTIONS = sorted(resources(FUNCTION))
ROOMS = {room.name for room in (ROOT / "src").iterdir() if (room / "__init__.py").exists()}
SDK = {"boto3", "botocore", "s3transfer", "urllib3"}

WHOLE = {"MessageFunction", "ReplyFunction"}
"""Functions that run a bot, which may lie and import anywhere."""

MEBIBYTE = 2**20
LARGEST = {
    "AuthorizerFunction": 35 * MEBIBYTE,
    "ConnectFunction": 20 * MEBIBYTE,
    "DisconnectFunction": 20 * MEBIBYTE,
    "CleanerFunction": 20 * MEBIBYTE,
    "UserDataFunction": 20 * MEBIBYTE,
    "MessageFunction": 60 * MEBIBYTE,
    "PushFunction": 25 * MEBIBYTE,
    "BroadcastFunction": 25 * MEBIBYTE,
    "ReplyFunction": 60 * MEBIBYTE,
}
"""Room to grow by a third; all that is over it is there by mistake."""

IMPORTED = """
import sys
from pathlib import Path
import handlers.{module}
handlers.{module}._app()
for module in list(sys.modules.values()):
    origin = getattr(module, "__file__", None) or ""
    if origin.startswith({package!r}):
        print(Path(origin).relative_to({package!r}).parts[0].removesuffix(".py"))
"""


def top_level(package: Path) -> set[str]:
    """What can be imported from a package."""
    return {
        path.name.removesuffix(".py")
        for path in package.iterdir()
        if path.suffix != ".dist-info" and path.name != "__pycache__"
    }


def imported(python: str, package: Path, function: str) -> set[str]:
    """What the function imports until it is ready."""
    module = resources(FUNCTION)[function]["Handler"].split(".")[1]
    run = subprocess.run(
        [python, "-c", IMPORTED.format(module=module, package=str(package))],
        cwd=package,
        env={
            **variables(function),
            "AWS_DEFAULT_REGION": "us-east-1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_module_has_its_bytecode(packages: Path, function: str) -> None:
    modules = list((packages / function).rglob("*.py"))
    lacking = [
        module
        for module in modules
        if not (module.parent / f"__pycache__/{module.stem}.{build_package.TAG}.pyc").exists()
    ]
    assert modules
    assert lacking == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_bytecode_counts_whatever_the_times_of_the_files(packages: Path, function: str) -> None:
    # PEP 552: the second word is 1 for a hash that is not checked. Deployed files get new times.
    flags = {compiled.read_bytes()[4:8] for compiled in (packages / function).rglob("*.pyc")}
    assert flags == {(1).to_bytes(4, "little")}


def test_the_authorizer_carries_no_aws_sdk(packages: Path) -> None:
    assert top_level(packages / "AuthorizerFunction") & SDK == set()


def test_every_service_that_is_called_keeps_its_model_and_its_endpoint() -> None:
    code = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    called = set(re.findall(r"""(?:client|retrying|_new)\(\s*"([\w-]+)""", code))
    assert {"dynamodb", "bedrock-runtime", "secretsmanager", "sqs", "ssm"} <= called
    assert {model.split("/")[0] for model in build_package.AWS_MODELS} == called
    named = {"bedrock-runtime": "bedrock", "apigatewaymanagementapi": "execute-api"}
    assert set(build_package.AWS_ENDPOINTS) == {named.get(name, name) for name in called}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_carries_boto3(packages: Path, function: str) -> None:
    assert "boto3" not in top_level(packages / function)


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - WHOLE))
def test_a_package_holds_the_rooms_that_its_function_imports_and_no_others(
    python: str, packages: Path, function: str
) -> None:
    package = packages / function
    assert top_level(package) & ROOMS == imported(python, package, function) & ROOMS


@pytest.mark.parametrize("function", sorted(WHOLE))
def test_who_runs_bots_holds_every_room_for_any_bot(packages: Path, function: str) -> None:
    assert top_level(packages / function) >= ROOMS
    assert (packages / function / "bots/scripted/service_desk.yaml").exists()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_package_carries_tests_type_stubs_or_tools(packages: Path, function: str) -> None:
    package = packages / function
    assert [*package.rglob("tests"), *package.rglob("*.pyi")] == []
    assert top_level(package) & {"bin", "pip", "build_package", "Makefile", "tests"} == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_package_outgrows_its_function(packages: Path, function: str) -> None:
    size = sum(path.stat().st_size for path in (packages / function).rglob("*"))
    assert size < LARGEST[function]


def test_a_second_build_makes_the_same_packages(packages: Path) -> None:
    first = contents(packages)
    shutil.rmtree(packages)
    build(packages.parents[1])
    assert contents(packages) == first


def contents(packages: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(packages)): path.read_bytes()
        for function in FUNCTIONS
        for path in (packages / function).rglob("*")
        if path.is_file()
    }


def test_a_bot_in_a_single_file_and_one_in_a_folder_are_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "src"
    for name in ("mine/hello.py", "hello.py", ".hidden/cache", "mine/__pycache__/hello.pyc"):
        source.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        source.joinpath(name).touch()
    monkeypatch.setattr(build_package, "SRC", source)
    build_package.copy_code(("*",), tmp_path / "package")
    found = {str(path.relative_to(tmp_path / "package")) for path in tmp_path.glob("package/**/*")}
    assert found == {"mine", "mine/hello.py", "hello.py"}


def test_packages_are_built_for_the_runtime_of_the_template() -> None:
    assert template()["Globals"]["Function"]["Runtime"] == f"python{build_package.PYTHON}"
    assert set(template()["Parameters"]["Architecture"]["AllowedValues"]) == set(
        build_package.PLATFORMS
    )


def test_every_function_has_a_package() -> None:
    assert set(build_package.PACKAGES) == set(FUNCTIONS)
