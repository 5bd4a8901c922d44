"""The lock files pin everything, agree, and name nobody's registry."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.package.building import ROOT

SRC = ROOT / "src/requirements.txt"
RUN = ROOT / "requirements.txt"
DEV = ROOT / "requirements-dev.txt"
BENCH = ROOT / "requirements-bench.txt"
CHECKOV = ROOT / "requirements-checkov.txt"
PROVIDER = ROOT / "tests/provider"

FORBIDDEN = re.compile(
    r"""--(extra-)?[i]ndex-url|--[f]ind-links|"[r]esolved": *"http"""
    r"""|[r]egistry\.\w+\.(org|com)|[p]ypi\.org|[p]ythonhosted|[/](root|home/\w+)/\."""
)


def pins(lock: Path) -> dict[str, set[str]]:
    """Versions by name: where a version hangs on the Python, there are several."""
    found: dict[str, set[str]] = {}
    for name, pinned in re.findall(r"^([\w.-]+)(?:\[.*?\])?==([\w.]+)", lock.read_text(), re.M):
        found.setdefault(name, set()).add(pinned)
    return found


@pytest.mark.parametrize("lock", [SRC, RUN, DEV, BENCH, CHECKOV], ids=lambda lock: lock.name)
def test_every_requirement_is_pinned_with_its_hashes(lock: Path) -> None:
    requirements = re.split(r"^(?=[^\s#])", lock.read_text(), flags=re.M)[1:]
    assert requirements
    for requirement in requirements:
        assert "==" in requirement.splitlines()[0]
        assert "--hash=sha256:" in requirement


@pytest.mark.parametrize("lock", [SRC, RUN, DEV, BENCH, CHECKOV], ids=lambda lock: lock.name)
def test_what_is_asked_for_is_pinned(lock: Path) -> None:
    asked = re.findall(r"^([A-Za-z][\w.-]*)", lock.with_suffix(".in").read_text(), re.M)
    assert asked
    assert {name.lower() for name in asked} <= set(pins(lock))


@pytest.mark.parametrize("lock", [SRC, RUN, BENCH], ids=lambda lock: lock.name)
def test_one_virtual_environment_can_hold_all(lock: Path) -> None:
    everywhere = pins(DEV)
    assert {
        name: versions
        for name, versions in pins(lock).items()
        if everywhere.get(name, versions) != versions
    } == {}


def test_what_runs_here_is_what_is_deployed() -> None:
    assert pins(SRC).items() <= pins(RUN).items() <= pins(DEV).items()


def test_the_tests_provider_is_pinned_with_its_hashes_and_no_address() -> None:
    asked = json.loads((PROVIDER / "package.json").read_text())["dependencies"]
    packages = json.loads((PROVIDER / "package-lock.json").read_text())["packages"]
    assert packages.pop("")["dependencies"] == asked
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    found = [
        f"{path.relative_to(ROOT)}: {line[:100]}"
        for path in files
        if path.is_file()
        for line in path.read_text(errors="replace").splitlines()
        if FORBIDDEN.search(line.replace("--no-emit-", ""))
    ]
    assert files
    assert found == []
