import json
import subprocess
import sys
from pathlib import Path

from bots.scripted import ScriptedBot, compiled, loading
from bots.scripted.__main__ import main

SHIPPED = Path(compiled.__file__).parent / "service_desk.yaml"
FLOW = """\
name: H
greeting: Hello
help: H
fallback: F
dialogues:
  d:
    title: T
    patterns: [go]
    slots: {n: {type: number, ask: N?, whole: false, min: 0}}
    compute: {r: {type: reference}}
    done: "{n}"
"""


def test_the_shipped_flow_is_compiled() -> None:
    flow = compiled.read(SHIPPED)
    assert flow is not None, f"run: PYTHONPATH=src python -m bots.scripted {SHIPPED}"
    assert flow == loading.load(SHIPPED)


def test_a_compiled_flow_is_the_flow(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FLOW)
    assert main([str(path)]) == 0
    assert compiled.read(path) == loading.load(path)


def test_a_compiled_flow_that_is_out_of_date_or_broken_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FLOW)
    main([str(path)])
    path.write_text(FLOW.replace("Hello", "Ahoy"))
    assert compiled.read(path) is None
    assert ScriptedBot(path)._script.flow.greeting == "Ahoy"
    for broken in ("", "[]", "{", json.dumps({"format": 0})):
        compiled.place_of(path).write_text(broken)
        assert compiled.read(path) is None


def test_a_compiled_flow_needs_neither_yaml_nor_pydantic() -> None:
    code = (
        "import sys; from bots.scripted import ServiceDesk; ServiceDesk();"
        "print(sorted({'yaml', 'pydantic'} & set(sys.modules)))"
    )
    source = str(Path(compiled.__file__).parents[2])
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"
