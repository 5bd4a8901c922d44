"""Put one function's package together: `build_package.py FUNCTION FOLDER ARCHITECTURE`.

A package holds the rooms and the dependencies that its function needs and no others, each with its
bytecode: Lambda's disk is read-only, so that what is not compiled now is compiled at every cold
start, which takes as long again. The dependencies are installed once for all functions, and kept
under .aws-sam/dependencies until requirements.txt or this file changes.
"""

import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

SRC = Path(__file__).parent
KEPT = Path(".aws-sam/dependencies")

PYTHON = "3.13"
"""The functions' runtime in template.yaml; bytecode is of one version."""

TAG = f"cpython-{PYTHON.replace('.', '')}"

PLATFORMS = {"arm64": "aarch64", "x86_64": "x86_64"}
GLIBC = ("manylinux2014", "manylinux_2_28", "manylinux_2_34")
"""Wheels that the runtime's system, Amazon Linux 2023 with glibc 2.34, can load."""

LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*")

AWS_MODELS = (
    "apigatewaymanagementapi/2018-11-29",
    "bedrock-runtime/2023-09-30",
    "dynamodb/2012-08-10",
    "lambda/2015-03-31",
    "secretsmanager/2017-10-17",
    "sqs/2012-11-05",
    "ssm/2014-11-06",
)
"""The services that the functions call: botocore brings the models of over 400."""

AWS_ENDPOINTS = ("bedrock", "dynamodb", "execute-api", "lambda", "secretsmanager", "sqs", "ssm")
"""The same services as botocore's endpoints.json names them."""


LEFT_OUT_DEPENDENCIES = {"ecdsa", "pyasn1", "rsa"}
"""What python-jose requires for those who are without `cryptography`, and never imports here."""


@dataclass(frozen=True)
class Package:
    """The folders of src/ and the distributions of requirements.txt that one function needs."""

    code: tuple[str, ...]
    dependencies: tuple[str, ...]


PACKAGES = {
    "AuthorizerFunction": Package(
        ("auth", "bot", "handlers"),
        ("aws-lambda-powertools", "cryptography", "python-jose"),
    ),
    "ConnectFunction": Package(
        ("auth", "bot", "handlers", "store"),
        ("aws-lambda-powertools", "botocore"),
    ),
    "DisconnectFunction": Package(
        ("auth", "bot", "handlers", "store"),
        ("aws-lambda-powertools", "botocore"),
    ),
    "CleanerFunction": Package(
        ("bot", "delivery", "handlers", "store"),
        ("aws-lambda-powertools", "botocore"),
    ),
    "UserDataFunction": Package(
        ("bot", "delivery", "handlers", "store"),
        ("aws-lambda-powertools", "botocore"),
    ),
    "PushFunction": Package(
        ("bot", "delivery", "handlers", "store"),
        ("aws-lambda-powertools", "botocore", "pydantic-core"),
    ),
    "BroadcastFunction": Package(
        ("bot", "delivery", "handlers", "store"),
        ("aws-lambda-powertools", "botocore", "pydantic-core"),
    ),
    # All there is: the bot is named by a setting, and may lie and import anywhere.
    "MessageFunction": Package(("*",), ("*",)),
    "ReplyFunction": Package(("*",), ("*",)),
}


def main(function: str, folder: str, architecture: str) -> None:
    """Build the package of `function` into `folder`."""
    package, target = PACKAGES[function], Path(folder)
    python = interpreter()
    dependencies = installed(python, architecture)
    copy_code(package.code, target)
    compile_all(python, target)
    copy_dependencies(dependencies, package.dependencies, target)


def interpreter() -> str:
    """The runtime's Python on this machine."""
    # Where pyenv stands in front, it starts a version only when that one is selected.
    for selected in ({}, {"PYENV_VERSION": PYTHON}):
        try:
            found = subprocess.run(
                [f"python{PYTHON}", "-c", "import sys; print(sys.executable)"],
                env=os.environ | selected,
                check=True,
                capture_output=True,
                text=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return found.stdout.strip()
    sys.exit(
        f"The functions run on Python {PYTHON}, which must compile their packages: "
        f"install it, so that `python{PYTHON}` starts it."
    )


# ---- the code


def copy_code(names: Iterable[str], target: Path) -> None:
    """Copy folders and modules of src/; `*` is all there are."""
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        for source in SRC.glob(name):
            if source.is_dir() and not source.name.startswith((".", "__")):
                shutil.copytree(source, target / source.name, ignore=LEFT_OUT)
            elif source.suffix == ".py" and source != Path(__file__):
                shutil.copyfile(source, target / source.name)


def compile_all(python: str, folder: Path) -> None:
    """Compile every module in `folder`, as if it lay where Lambda puts it.

    Unchecked: the bytecode counts whatever the times of the files, and is the same at each build.
    """
    options = ["-q", "-s", str(folder), "-p", "/var/task", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([python, "-m", "compileall", *options, str(folder)], check=True)


# ---- the dependencies


def installed(python: str, architecture: str) -> Path:
    """The folder with all of requirements.txt for `architecture`, made where it is not there."""
    requirements = SRC / "requirements.txt"
    content = hashlib.sha256(requirements.read_bytes() + Path(__file__).read_bytes())
    folder = KEPT / f"{PYTHON}-{architecture}-{content.hexdigest()[:16]}"
    KEPT.mkdir(parents=True, exist_ok=True)
    # SAM builds the functions side by side; the first installs, the others wait.
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(KEPT / "new", ignore_errors=True)
            install(requirements, PLATFORMS[architecture], KEPT / "new")
            trim(KEPT / "new")
            compile_all(python, KEPT / "new")
            (KEPT / "new").rename(folder)
    return folder


def install(requirements: Path, machine: str, folder: Path) -> None:
    """Install the pinned dependencies as the runtime wants them, whatever machine this is."""
    platforms = [f"--platform={glibc}_{machine}" for glibc in GLIBC]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    target = ["--implementation=cp", f"--python-version={PYTHON}", *platforms]
    lock = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile"]
    subprocess.run(
        [*command, *target, *lock, f"--target={folder}", f"--requirement={requirements}"],
        check=True,
    )


def trim(folder: Path) -> None:
    """Remove what a function never opens, and shorten what it reads at every cold start."""
    for pattern in ("bin", "**/tests", "**/*.pyi", "**/py.typed"):
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    trim_botocore(folder / "botocore/data")


def trim_botocore(models: Path) -> None:
    """Keep the models and the endpoints of the services that are called, without their manual."""
    for version in models.glob("*/*/"):
        if str(version.relative_to(models)) not in AWS_MODELS:
            shutil.rmtree(version)
        else:
            version.joinpath("examples-1.json").unlink(missing_ok=True)
    for path in models.glob("*/*/*.json.gz"):
        model = json.loads(gzip.decompress(path.read_bytes()), object_hook=without_manual)
        path.write_bytes(gzip.compress(short(model).encode(), mtime=0))
    endpoints = json.loads((models / "endpoints.json").read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in AWS_ENDPOINTS if name in services}
    (models / "endpoints.json").write_text(short(endpoints))


def without_manual(node: dict[str, Any]) -> dict[str, Any]:
    """A part of a model without its documentation, which is most of it."""
    return {
        name: value
        for name, value in node.items()
        if not (name == "documentation" and isinstance(value, str))
    }


def short(content: Any) -> str:
    """JSON as short as it goes."""
    return json.dumps(content, separators=(",", ":"))


def copy_dependencies(source: Path, names: Iterable[str], target: Path) -> None:
    """Copy distributions, and all that they in turn require; `*` is all there are."""
    found = {normal(each.name): each for each in distributions(path=[str(source)])}
    wanted = set(found) if "*" in names else closure(found, names)
    for name in sorted(wanted - LEFT_OUT_DEPENDENCIES):
        for path in files_of(found[name], source):
            destination = target / path.relative_to(source)
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, destination)


def closure(found: dict[str, Distribution], names: Iterable[str]) -> set[str]:
    """`names` with all that they require, and that is installed, without extras."""
    wanted: set[str] = set()
    open_names = list(names)
    while open_names:
        name = open_names.pop()
        if name in wanted or name not in found:
            continue
        wanted.add(name)
        for requirement in found[name].requires or ():
            if "extra ==" not in requirement:
                open_names.append(normal(re.split(r"[^\w.-]", requirement, maxsplit=1)[0]))
    return wanted


def files_of(distribution: Distribution, folder: Path) -> Iterator[Path]:
    """The files of a distribution that trimming left, each module with its bytecode."""
    for file in distribution.files or ():
        path = folder / file
        if not path.is_file() or (path.parent.suffix == ".dist-info" and path.name != "METADATA"):
            continue
        yield path
        yield from path.parent.glob(f"__pycache__/{path.stem}.{TAG}.pyc")


def normal(name: str) -> str:
    """A distribution's name as requirements.txt writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main(*sys.argv[1:])
