"""``explain --op``: an operator's way, sizes, time, and the lines behind its layout."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from foolish_plans import MODEL, foolish

from helixc import compile_text
from helixc.analysis.local_compute import local_compute
from helixc.analysis.operator_facts import MOST_OPERATORS, find_operators, operator_names
from helixc.analysis.report import build_report
from helixc.cli.main import run
from helixc.ir.spmd import Compute, walk

PLAN = """\
plan p for chat on box {
  mesh tp = gpu
  in attention { shard head over tp }
  in gated { shard hidden over tp }
}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The model under a tensor-parallel plan."""
    path = tmp_path / "chat.hx"
    path.write_text(MODEL + PLAN, encoding="utf-8", newline="\n")
    return str(path)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["explain", *arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    schema = files("helixc").joinpath("schemas", "explain_op_v1.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(json.loads(schema)).validate(found)
    return found


def test_an_operator_says_how_it_is_split_and_which_line_holds_its_result(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = answer(capsys, file, "--op", "q")["operators"]
    assert row["way"] == "matmul: tp splits head"
    assert {"dim": "head", "size": 4} in row["sizes"]
    assert (row["repeated"], row["runs"], row["layer"]) == (1, 4, "attention")
    assert row["reads"] == [
        {"name": "x", "layout": "whole"},
        {"name": "wq", "layout": "split on head over tp"},
    ]
    assert row["layout"] == row["planned"] == "split on head over tp"
    assert [(held["axis"], held["text"]) for held in row["held_by"]] == [
        ("tp", "shard head over tp")
    ]
    assert row["low_seconds"] <= row["seconds"] <= row["high_seconds"]


def test_the_figures_are_those_of_the_program(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program = compile_text(MODEL + PLAN).spmd
    rows = {row["value"]: row for row in answer(capsys, file, "--op", "scores")["operators"]}
    assert len(rows) > 1
    for statement in walk(program.body):
        if isinstance(statement, Compute) and statement.result in rows:
            row, local = rows[statement.result], local_compute(statement, program)
            assert row["flops"] == local.work.flops
            assert row["bytes"] == local.work.bytes
            assert {s["dim"]: s["size"] for s in row["sizes"]} == dict(local.local)


def test_every_name_finds_its_operators_and_whole_programs_beside_them() -> None:
    text, _ = foolish("norms along the contracted dimension")
    compiled = compile_text(text)
    names = operator_names(compiled.spmd)
    assert names
    for name in names[:12]:
        found = find_operators(compiled.partitioned, compiled.spmd, name)
        assert found.found >= len(found.operators) > 0
        assert len(found.operators) <= MOST_OPERATORS
        busy = build_report(compiled.spmd).critical_path.busy_picoseconds
        assert found.program_picoseconds == busy
        for facts in found.operators:
            assert all(other.picoseconds >= 0 for other in facts.alternatives)


def test_people_get_the_same_in_words(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", file, "--op", "attention.q"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("matmul that makes `q` in attention: ")
    assert "way: matmul: tp splits head; no two GPUs do the same" in shown
    assert "kernel: Get_Time(16384, 4096, 512)" in shown
    assert f"tp is held by {file}:" in shown
    assert run(["explain", file, "--op", "wq"]) == 0
    assert "none, it costs nothing" in capsys.readouterr().out


def test_an_unknown_name_is_a_wrong_command_line(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", file, "--op", "socres"]) == 2
    assert "Did you mean scores" in capsys.readouterr().err
    assert run(["explain", file, "--op", "\x1b[31m"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_a_value_inside_a_kernel_is_explained_by_its_kernel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fused.hx"
    path.write_text(Path("examples/fused_attention.hx").read_text(encoding="utf-8"), "utf-8")
    for name in ("scores", "causal"):
        assert run(["explain", str(path), "--plan", "heads", "--op", name]) == 0
        assert capsys.readouterr().out.startswith("kernel that makes `attended` in gqa: ")
    assert run(["explain", str(path), "--plan", "heads", "--op", "q", "--collective", "1"]) == 2


def test_hostile_comments_and_file_names_are_harmless(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a\x1b[31mb.hx"
    text, _ = foolish("norms along the contracted dimension")
    path.write_text(text.replace("# foolish", "# \x1b[31m \u202e"), encoding="utf-8")
    for more in ([], ["--op", "q"]):
        assert run(["explain", str(path), *more]) == 0
        shown = capsys.readouterr()
        assert not {"\x1b", "\u202e"} & set(shown.out + shown.err)
