"""Runs `sam build` on a copy of the project, so that the project's own build stays as it is."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import build_package

ROOT = Path(__file__).parents[2]

KEPT = ROOT / build_package.KEPT
"""What was installed for an earlier build serves the next one, so that it needs no network."""

ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
"""This machine's, as template.yaml calls it: packages of no other run here."""


def copy_project(folder: Path) -> Path:
    """Copy what `sam build` reads."""
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    KEPT.mkdir(parents=True, exist_ok=True)
    folder.joinpath(".aws-sam").mkdir()
    folder.joinpath(build_package.KEPT).symlink_to(KEPT)
    return folder


def build(project: Path) -> Path:
    """The folder that holds the packages, each under its function's name."""
    tools = Path(sys.executable).parent
    built = subprocess.run(
        [
            *(sys.executable, "-m", "samcli", "build"),
            *("--parameter-overrides", f"Architecture={ARCHITECTURE}"),
        ],
        cwd=project,
        env={
            **os.environ,
            "ARCHITECTURE": ARCHITECTURE,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "SAM_CLI_TELEMETRY": "0",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if built.returncode:
        raise RuntimeError(built.stdout)
    return project / ".aws-sam/build"
