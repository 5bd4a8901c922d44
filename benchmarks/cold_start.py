"""How long each function takes to start, beside a bare `boto3.client("dynamodb")`.

Run as `PYTHONPATH=src:. python benchmarks/cold_start.py [--runs N]`; prints a Markdown table of
medians. Every figure comes from a fresh process; the runs of all are interleaved, so that what else
the machine does in the meantime falls on all alike. It measures and judges nothing: exit code 0.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import build_package
from tests.package.building import ROOT, build, copy_project
from tests.package.emulator import Emulator, install_runtime
from tests.package.functions import FUNCTION, resources, variables

BARE = "boto3.client"
TAKING_TOKENS = "AuthorizerFunction, taking tokens"
PARAMETERS = {
    TAKING_TOKENS: {"JwtIssuers": "https://issuer.example", "JwtAudiences": "parley"},
}
"""What is measured with other parameters than the default ones: a function after its comma."""

FUNCTIONS = sorted([*resources(FUNCTION), *PARAMETERS])
TARGETS = {
    "AuthorizerFunction": 0.5,
    "AuthorizerFunction, taking tokens": 0.6,
    "ConnectFunction": 1.15,
    "DisconnectFunction": 1.15,
    "MessageFunction": 1.3,
}

BARE_MODULE = """
import boto3
boto3.client("dynamodb")
def handler(event, context):
    pass
"""

TIMED = """
import time
start = time.perf_counter()
{start}
print((time.perf_counter() - start) * 1000)
"""

AWS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}

Measure = Callable[[], float]


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=11, help="runs of each (default 11)")
    runs = arguments.parse_args().runs
    measures = {("import and build, from src", name): from_source(name) for name in all_names()}
    with tempfile.TemporaryDirectory() as folder:
        try:
            python = build_package.interpreter()
        except SystemExit as missing:
            print(f"Without the built packages: {missing}\n")
        else:
            measures |= built_measures(python, Path(folder))
        print(table(medians(measures, runs)))


def all_names() -> list[str]:
    """What is measured: the bare client, and the functions."""
    return [BARE, *FUNCTIONS]


def from_source(name: str) -> Measure:
    """Start a function from src/, on this Python."""
    return lambda: timed(sys.executable, name, ROOT / "src")


def built_measures(python: str, folder: Path) -> dict[tuple[str, str], Measure]:
    """Start the packages as they are deployed: by themselves, and under Lambda's emulator."""
    packages = build(copy_project(folder))
    pack_bare_client(python, packages / BARE)
    runtime = install_runtime(build_package.PYTHON)

    def by_itself(name: str) -> Measure:
        return lambda: timed(python, name, packages / deployed(name))

    def emulated(name: str) -> Measure:
        return lambda: init_report(python, runtime, packages / deployed(name), name)

    return {
        **{("import and build, as deployed", name): by_itself(name) for name in all_names()},
        **{("INIT REPORT", name): emulated(name) for name in all_names()},
    }


def pack_bare_client(python: str, target: Path) -> None:
    """A package with boto3 as it comes, compiled, and a module that makes one client."""
    import boto3

    build_package.copy_dependencies(Path(boto3.__file__).parents[1], ["boto3"], target)
    for compiled in target.rglob("*.pyc"):
        compiled.unlink()
    target.joinpath("bare.py").write_text(BARE_MODULE)
    build_package.compile_all(python, target)


def timed(python: str, name: str, folder: Path) -> float:
    """Milliseconds to import the function's module and to build what it runs on."""
    module = "boto3" if name == BARE else handler(name).rpartition(".")[0]
    build_it = f"{module}.client('dynamodb')" if name == BARE else f"{module}._app()"
    run = subprocess.run(
        [python, "-c", TIMED.format(start=f"import {module}; {build_it}")],
        cwd=folder,
        env={**environment(name), "PYTHONPATH": "."},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(run.stdout)


def init_report(python: str, runtime: Path, package: Path, name: str) -> float:
    """Milliseconds of initialization that Lambda's emulator reports."""
    with Emulator(
        python=python,
        runtime=runtime,
        package=package,
        handler=handler(name),
        variables=environment(name),
    ) as function:
        function.invoke({"requestContext": {"connectionId": ""}, "methodArn": "api/stage"})
        return function.init_milliseconds


def handler(name: str) -> str:
    """The handler of what is measured."""
    return "bare.handler" if name == BARE else str(resources(FUNCTION)[deployed(name)]["Handler"])


def deployed(name: str) -> str:
    """The function that is measured."""
    return name.partition(",")[0]


def environment(name: str) -> dict[str, str]:
    """What the function finds in its environment."""
    return AWS if name == BARE else {**AWS, **variables(deployed(name), **PARAMETERS.get(name, {}))}


def medians(measures: dict[tuple[str, str], Measure], runs: int) -> dict[tuple[str, str], float]:
    """The median of each measure; the first round only warms the machine's caches."""
    rounds = [{key: measure() for key, measure in measures.items()} for _ in range(runs + 1)][1:]
    return {key: statistics.median(each[key] for each in rounds) for key in measures}


def table(figures: dict[tuple[str, str], float]) -> str:
    """Milliseconds, and in brackets how often the bare client's."""
    columns = list(dict.fromkeys(column for column, _ in figures))
    lines = [
        "| milliseconds (times the bare client) | " + " | ".join(columns) + " | target |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for name in all_names():
        cells = [
            f"{figures[column, name]:.0f} ({figures[column, name] / figures[column, BARE]:.2f})"
            for column in columns
        ]
        lines.append(f"| {name} | {' | '.join(cells)} | {TARGETS.get(name, '')} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
