"""A saved file of a function's takes effect; what the workers write themselves does not."""

import asyncio
import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from local_gateway.functions.function import Function
from local_gateway.functions.reload import watch
from local_gateway.functions.service import Functions, Surroundings

CODE = """
import json, os, pathlib

SAID = json.loads(pathlib.Path(__file__).with_name("flow.json").read_text())

def handler(event, context):
    return {"said": SAID, "pid": os.getpid()}
"""


class Changes:
    """Remembers which files it was told of."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.came = asyncio.Event()

    async def changed(self, paths: Iterable[Path]) -> None:
        self.names += sorted(path.name for path in paths)
        self.came.set()


async def changes_after(directory: Path, names: list[str]) -> list[str]:
    """The files that are told of, when these are written and then `last.py`."""
    changes, stop = Changes(), asyncio.Event()
    watching = asyncio.create_task(watch(changes, [directory], stop))
    await asyncio.sleep(0)  # from here on the directory is watched
    for name in [*names, "last.py"]:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("something new")
    async with asyncio.timeout(30):
        while "last.py" not in changes.names:
            await changes.came.wait()
            changes.came.clear()
    stop.set()
    await watching
    return [name for name in changes.names if name != "last.py"]


@pytest.mark.parametrize("name", ["app.py", "flow.yaml", "flow.json", "prompt.txt", "binary"])
def test_a_file_of_any_kind_counts(tmp_path: Path, name: str) -> None:
    assert asyncio.run(changes_after(tmp_path, [name])) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "__pycache__/app.cpython-313.pyc",
        "__pycache__/app.cpython-313.pyc.139872",
        "package/__pycache__/app.cpython-313.pyc",
        "app.pyc",
        ".mypy_cache/x.json",
        ".git/index",
        ".app.py.swp",
        "app.py~",
    ],
)
def test_noise_does_not_count(tmp_path: Path, name: str) -> None:
    # What a directory's own appearance tells is not the point here.
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    assert asyncio.run(changes_after(tmp_path, [name])) == []


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_saved_settings_file_is_read_by_new_workers(tmp_path: Path, is_shared: bool) -> None:
    code_dir = tmp_path / "src"
    code_dir.mkdir()
    (code_dir / "app.py").write_text(CODE)
    flow = code_dir / "flow.json"
    flow.write_text(json.dumps("old"))
    own_dir = tmp_path / "own" if is_shared else code_dir
    own_dir.mkdir(exist_ok=True)
    function = Function("f", "TheFunction", "arn:aws:lambda:x:0:f", "app.handler", own_dir, 10.0)
    variables = {"PATH": os.defpath, "PYTHONPATH": str(code_dir)}
    surroundings = Surroundings(variables, tmp_path / "logs", code_dir=code_dir)
    if not is_shared:
        surroundings = Surroundings({"PATH": os.defpath}, tmp_path / "logs")

    async def run() -> tuple[str, str, bool]:
        functions = Functions([function], surroundings)
        stop = asyncio.Event()
        watching = asyncio.create_task(watch(functions, [code_dir], stop))
        try:
            before = after = await functions("f", {})
            flow.write_text(json.dumps("new"))
            async with asyncio.timeout(30):
                while after["said"] == "old":
                    after = await functions("f", {})
            return before["said"], after["said"], before["pid"] != after["pid"]
        finally:
            stop.set()
            await watching
            await functions.stop()

    assert asyncio.run(run()) == ("old", "new", True)
