"""What make says and does on a machine that has, or lacks, what it needs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.package.building import ROOT

MAKE = shutil.which("make") or "make"
GATEWAY = "import os, sys; print('gateway', sys.argv[1:], flush=True); os._exit(len(sys.argv) - 1)"

COMMAND = "import sys; print('{command}', sys.argv[1:])"

WORDS = ("yes", "no", "", "1", "YES", "yesterday")

OF_AN_OUTER_MAKE = {
    *("ARCHITECTURE", "ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PYTHON", "SOAK"),
}


def executable(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder with a space in its name, with everything installed."""
    folder = tmp_path / "a project"
    folder.joinpath("local_gateway").mkdir(parents=True)
    folder.joinpath("local_gateway/__main__.py").write_text(GATEWAY)
    folder.joinpath("operations").mkdir()
    for command in ("broadcast", "disconnect", "erase", "export", "progress", "push"):
        script = COMMAND.format(command=command)
        folder.joinpath(f"operations/{command}.py").write_text(script)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    folder.joinpath("tests/provider").mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests/provider" / name, folder / "tests/provider")
    executable(folder / ".venv/bin/python", f'exec "{sys.executable}" "$@"')
    for name in (".made", ".run", ".dev", ".provider"):
        folder.joinpath(".venv", name).touch()
    return folder


def make(project: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make, with these variables besides the environment's."""
    # Where make itself runs the tests, its own variables are no business of this make.
    ours = {name: value for name, value in os.environ.items() if name not in OF_AN_OUTER_MAKE}
    return subprocess.run(
        [MAKE, *words],
        cwd=project,
        env={**ours, **variables},
        capture_output=True,
        text=True,
    )


def without_tools(project: Path, python: str) -> dict[str, str]:
    """A machine with no virtual environment and only this `python3`."""
    shutil.rmtree(project / ".venv")
    executable(project / "machine/python3", python)
    return {"PATH": str(project / "machine")}


def test_make_alone_lists_what_it_can_do(project: Path) -> None:
    listed = make(project).stdout
    for target in ("make run", "make test", "make check", "make deploy"):
        assert target in listed


def test_run_starts_the_gateway_with_its_arguments_and_reports_its_failure(project: Path) -> None:
    assert "gateway []" in make(project, "run").stdout
    failed = make(project, "run", "ARGS=--parameter-overrides StageName=dev")
    assert "gateway ['--parameter-overrides', 'StageName=dev']" in failed.stdout
    assert failed.returncode != 0


@pytest.mark.parametrize(
    "user", ["user:id.example/a:b", 'user:x:it\'s $HOME $(id) `id` "a" $$ \\ ;', "--help"]
)
def test_disconnect_is_given_the_user_as_typed_and_the_stack_if_any(
    project: Path, user: str
) -> None:
    said = make(project, "disconnect", f"USER={user}").stdout
    assert said == f"disconnect {['--local', '--', user]}\n"
    said = make(project, "disconnect", f"USER={user}", "STACK=chat").stdout
    assert said == f"disconnect {['--stack', 'chat', '--', user]}\n"


def test_disconnect_takes_nobody_for_the_user_of_the_shell(project: Path) -> None:
    asked = make(project, "disconnect", USER="operator")
    assert asked.returncode != 0
    assert "make disconnect USER=user:..." in asked.stderr
    assert "disconnect [" not in asked.stdout


@pytest.mark.parametrize("text", ["Hello, world", 'it\'s $HOME $(id) `id` "a" $$ \\ ;', "--help"])
def test_push_is_given_whom_and_what_as_typed(project: Path, text: str) -> None:
    said = make(project, "push", "USER=user:a:b", f"TEXT={text}").stdout
    assert said == f"push {['--local', '--conversation', 'main', '--', 'user:a:b', text]}\n"
    more = ["CONVERSATION=news", "STACK=chat"]
    said = make(project, "push", "USER=user:a:b", f"TEXT={text}", *more).stdout
    words = ["--stack", "chat", "--conversation", "news", "--", "user:a:b", text]
    assert said == f"push {words}\n"


def test_push_hands_on_the_id_that_keeps_it_from_coming_twice_as_broadcast_does(
    project: Path,
) -> None:
    for said in (
        make(project, "push", "USER=user:a:b", "TEXT=x", "ID=n $1").stdout,
        make(project, "broadcast", "TEXT=x", "ID=n $1").stdout,
    ):
        assert "'--id', 'n $1'" in said


def test_push_takes_nobody_for_the_user_of_the_shell(project: Path) -> None:
    asked = make(project, "push", "TEXT=x", USER="operator")
    assert asked.returncode != 0
    assert "make push USER=user:..." in asked.stderr
    assert "push [" not in asked.stdout


@pytest.mark.parametrize("text", ["Hello, world", 'it\'s $HOME $(id) `id` "a" $$ \\ ;', "--help"])
def test_broadcast_is_given_what_and_whom_as_typed(project: Path, text: str) -> None:
    said = make(project, "broadcast", f"TEXT={text}").stdout
    assert said == f"broadcast {['--local', '--conversation', 'main', '--', text]}\n"
    more = ["USERS=a list", "ID=b1", "CONVERSATION=news", "STACK=chat"]
    said = make(project, "broadcast", f"TEXT={text}", *more).stdout
    words = ["--stack", "chat", "--users", "a list", "--id", "b1", "--conversation", "news"]
    assert said == f"broadcast {[*words, '--', text]}\n"


@pytest.mark.parametrize("command", ["export", "erase"])
def test_a_users_data_is_that_of_the_user_as_typed(project: Path, command: str) -> None:
    user = 'user:x:it\'s $HOME $(id) `id` "a" $$ \\ ;'
    said = make(project, command, f"USER={user}", "STACK=chat").stdout
    assert said == f"{command} {['--stack', 'chat', '--', user]}\n"
    asked = make(project, command, USER="operator")
    assert asked.returncode != 0
    assert f"{command} [" not in asked.stdout


def test_nothing_but_yes_spares_the_question_whether_erasure_is_meant(project: Path) -> None:
    said = {word: make(project, "erase", "USER=a", f"CONFIRM={word}").stdout for word in WORDS}
    assert [word for word in WORDS if "--yes" in said[word]] == ["yes"]


def test_nobody_means_one_user_and_reaches_all(project: Path) -> None:
    asked = make(project, "broadcast", "TEXT=x", "USER=user:a:b")
    assert asked.returncode != 0
    assert "broadcast [" not in asked.stdout
    assert "broadcast [" in make(project, "broadcast", "TEXT=x", USER="operator").stdout


def test_progress_is_asked_of_one_broadcast(project: Path) -> None:
    said = make(project, "progress", "ID=b1", "STACK=chat").stdout
    assert said == f"progress {['--stack', 'chat', '--', 'b1']}\n"
    assert "make progress ID=..." in make(project, "progress").stderr


def test_what_is_installed_is_not_installed_again(project: Path) -> None:
    assert "Installing" not in make(project, "run").stdout


def test_changed_locks_are_installed(project: Path) -> None:
    executable(project / ".venv/bin/python", 'case "$1" in -c) echo works;; *) echo "$@";; esac')
    later = project.joinpath(".venv/.run").stat().st_mtime + 10
    os.utime(project / "requirements.txt", (later, later))
    said = make(project, "run").stdout
    assert "--require-hashes" in said
    assert "requirements.txt" in said


def test_a_changed_lock_of_the_tests_provider_is_installed_without_running_its_scripts(
    project: Path,
) -> None:
    executable(
        project / ".venv/bin/python", 'case "$2" in *npm*) echo "$@" >&2;; *) echo works;; esac'
    )
    lock = project / "tests/provider/package-lock.json"
    later = project.joinpath(".venv/.provider").stat().st_mtime + 10
    os.utime(lock, (later, later))
    said = make(project, ".venv/.provider").stderr
    assert "--ignore-scripts" in said
    assert "ci --prefix .venv/provider" in said
    assert project.joinpath(".venv/provider/package-lock.json").read_text() == lock.read_text()


def test_a_missing_browser_is_named_with_the_remedy(project: Path) -> None:
    asked = make(project, "test", CHROMIUM="/nowhere/chromium")
    assert asked.returncode != 0
    assert "apt-get install chromium" in asked.stderr


def test_the_tests_are_shared_out_as_told_and_their_failure_is_makes(project: Path) -> None:
    executable(
        project / ".venv/bin/python",
        'case "$1" in -c) echo works;; *) echo "$SOAK $@";; esac',
    )
    browser = {"CHROMIUM": sys.executable}
    asked = make(project, "test", "ARGS=tests/bot -x", **browser)
    assert asked.stdout == " -m pytest -n auto tests/bot -x\n"
    assert asked.returncode == 0
    asked = make(project, "soak", "ARGS=tests/faults", **browser)
    assert asked.stdout == "1 -m pytest -n auto --timeout=7200 tests/faults\n"
    executable(project / ".venv/bin/python", 'case "$1" in -c) echo works;; *) exit 1;; esac')
    assert make(project, "test", **browser).returncode != 0


def test_an_old_python_is_refused_with_the_remedy(project: Path) -> None:
    asked = make(project, "run", **without_tools(project, "exit 1"))
    assert asked.returncode != 0
    assert "Python 3.11 or later" in asked.stderr
    assert not project.joinpath(".venv").exists()


def test_a_python_without_venv_is_refused_with_the_remedy(project: Path) -> None:
    # Debian packs venv and ensurepip apart from python3.
    split = 'case "$2" in *ensurepip*) exit 1;; esac'
    asked = make(project, "run", **without_tools(project, split))
    assert asked.returncode != 0
    assert "apt-get install python3-venv" in asked.stderr


def test_a_virtual_environment_whose_python_is_gone_is_made_anew(project: Path) -> None:
    project.joinpath(".venv/bin/python").unlink()
    project.joinpath(".venv/bin/python").symlink_to("/nowhere/python3")
    made = make(project, ".venv/.made", PYTHON=sys.executable)
    assert made.returncode == 0, made.stderr
    assert subprocess.run([project / ".venv/bin/python", "-m", "pip", "--version"]).returncode == 0


def test_cleaning_keeps_the_conversations(project: Path) -> None:
    project.joinpath(".parley").mkdir()
    assert make(project, "clean").returncode == 0
    assert not project.joinpath(".venv").exists()
    assert project.joinpath(".parley").exists()
