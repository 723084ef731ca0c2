"""The Python interface: one object with the program at every level, and no global state."""

from __future__ import annotations

import builtins
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import helixc
from helixc.analysis.report import Report
from helixc.ir.device import DeviceProgram
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd

ROOT = Path(__file__).parent.parent
HELIX = ROOT / "examples" / "helix_16.hx"
TEXT = HELIX.read_text(encoding="utf-8")


def test_a_compilation_holds_the_program_at_every_level() -> None:
    result = helixc.compile(HELIX, plan="megatron")
    assert isinstance(result.logical, Logical)
    assert isinstance(result.spmd, Spmd)
    assert isinstance(result.device, DeviceProgram)
    assert isinstance(result.report, Report)
    assert next(name for name, _ in result.stages) == "elaborate"
    assert result.spmd is result.stages[-1][1]
    assert result.device is result.device
    assert {drawing.stem for drawing in result.drawings} >= {"complete_helix_model"}


def test_a_text_compiles_like_a_file_and_findings_speak_of_it_by_its_name() -> None:
    from_file = helixc.compile(HELIX, plan="two_level")
    from_text = helixc.compile_text(TEXT, name="mine.hx", plan="two_level")
    assert from_text.spmd == from_file.spmd
    with pytest.raises(helixc.HelixError) as caught:
        helixc.compile_text(TEXT.replace("shard head over", "shard haed over"), name="mine.hx")
    assert {found.span.file for found in caught.value.diagnostics} == {"mine.hx"}
    assert "mine.hx" in caught.value.sources


def test_a_name_left_out_must_be_the_only_one_there_is() -> None:
    with pytest.raises(helixc.HelixError, match=r"published|plan"):
        helixc.compile(HELIX)


def test_settings_override_dimensions() -> None:
    result = helixc.compile(HELIX, plan="megatron", settings={"seq": 4096})
    assert result.logical.sizes["seq"] == 4096


def test_check_collects_and_never_raises_for_a_wrong_program(tmp_path: Path) -> None:
    assert helixc.check(HELIX).ok
    assert helixc.check(HELIX, plan="megatron").plans == ("megatron",)
    assert not helixc.check(tmp_path / "nothing.hx").ok
    path = tmp_path / "wrong.hx"
    path.write_text(TEXT.replace("shard hidden over tp", "shard hidden over pt"), encoding="utf-8")
    wrong = helixc.check(path)
    assert not wrong.ok
    assert len(wrong.plans) == 2
    assert {found.code for found in wrong.diagnostics if found.severity == "error"} != set()


def test_compiling_one_program_leaves_no_trace_in_the_next() -> None:
    first = helixc.compile(HELIX, plan="two_level")
    helixc.compile(HELIX, plan="megatron_sp", settings={"seq": 32})
    again = helixc.compile(HELIX, plan="two_level")
    assert again.spmd == first.spmd
    assert again.report.to_dict() == first.report.to_dict()


def test_write_writes_what_the_command_writes(tmp_path: Path) -> None:
    result = helixc.compile(ROOT / "examples" / "custom_layer.hx", plan="tensor")
    written = helixc.write(result, tmp_path / "out")
    assert {path.name for path in written} == {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.md", "report.json", "manifest.json"} <= {path.name for path in written}


def test_every_public_name_is_there_and_no_other() -> None:
    for name in helixc.__all__:
        assert getattr(helixc, name) is not None
    with pytest.raises(AttributeError, match=r"has no attribute 'nonsense'"):
        helixc.nonsense  # noqa: B018 - asking is the test


def test_the_same_bytes_come_out_whatever_the_seed_of_hashes(tmp_path: Path) -> None:
    outputs: list[dict[str, bytes]] = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        script = (
            "import sys; from helixc.cli.main import run; sys.exit(max(run(['compile', "
            f"{str(HELIX)!r}, '--plan', plan, '--no-verify', '--dump-after', 'all', '-o', "
            f"{str(folder)!r} + '/' + plan]) for plan in ('published', 'two_level', 'megatron_sp')))"
        )
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        outputs.append({str(path.relative_to(folder)): path.read_bytes() for path in files})
    assert len(outputs[0]) > 60
    assert outputs[0] == outputs[1]


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / HELIX.name).write_text(TEXT, encoding="utf-8")
    exec(builtins.compile(script, "README.md", "exec"), {})  # noqa: S102 - the text is ours
    assert (tmp_path / "out" / "megatron" / "report.md").is_file()


@pytest.mark.parametrize(
    "settings", [{"seq": "x"}, {"seq": 1.5}, {"seq": True}, {"seq": None}, {3: 4}], ids=str
)
def test_settings_that_are_no_names_and_whole_numbers_are_told(settings: Any) -> None:
    for use in (helixc.compile, helixc.check):
        with pytest.raises(TypeError, match="settings"):
            use(HELIX, plan="megatron", settings=settings)
