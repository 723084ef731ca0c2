"""``explain``: every collective with its reasons, and hints that are true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from oracle_programs import grouped, program

from helixc import compile_text
from helixc.cli.main import run
from helixc.codes import CODES, family
from helixc.compiler import Compilation
from helixc.ir.spmd import Move, walk

HELIX = Path(__file__).parent.parent / "examples" / "helix_16.hx"
TWO_LEVEL = """
  mesh n = 4, m = 4
  in mha { shard head over n; shard head_dim over m }
  in mlp { shard hidden over n, m }
"""
PERMUTED = """mesh n = 4, m = 4
  in mlp { shard hidden over n, m }
  in mlp.w2 { shard hidden over m, n }
"""


def with_lines(plan: str, lines: list[str]) -> str:
    return program("\n".join([plan, *lines]))


def weight_moves(compiled: Compilation) -> list[str]:
    """The weights that are moved, one entry a move."""
    spmd = compiled.spmd
    moves = (s for s in walk(spmd.body) if isinstance(s, Move))
    return [move.why.value for move in moves if move.why.value in spmd.stored and move.algorithm]


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run(["explain", *arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_collectives_come_ranked_by_the_time_of_all_turns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = answer(capsys, str(HELIX), "--plan", "two_level")
    rows = found["collectives"]
    assert isinstance(rows, list)
    times = [row["total_seconds"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert all(row["total_seconds"] == pytest.approx(2 * row["seconds"]) for row in rows)
    assert sum(row["total_bytes_per_gpu"] for row in rows) == found["bytes_per_gpu"]
    assert sum(times) == pytest.approx(found["communication_seconds"])


def test_every_collective_quotes_the_line_that_asked_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = HELIX.read_text(encoding="utf-8").splitlines()
    for plan in ("two_level", "megatron", "megatron_sp", "published"):
        rows = answer(capsys, str(HELIX), "--plan", plan)["collectives"]
        assert isinstance(rows, list)
        for row in rows:
            assert row["line"].startswith("shard ")
            assert row["line"] in text[row["source"]["line"] - 1]
            assert "needs it" in row["why"] or "at rest" in row["why"] or "holds it" in row["why"]


def test_alternatives_are_those_of_whole_programs_and_none_is_faster(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = answer(capsys, str(HELIX), "--plan", "two_level")
    rows = found["collectives"]
    assert isinstance(rows, list)
    for row in rows:
        assert row["alternatives"]
        for other in row["alternatives"]:
            assert other["scope"] == "program"
            assert other["seconds"] >= found["program_seconds"]


def test_people_get_the_same_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", str(HELIX), "--plan", "two_level"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert " 1. all-reduce of `mha.matmul` in mha: 1." in shown
    assert "over n, m: 1 group of 16 GPUs (0-15)" in shown
    assert f"asked for at {HELIX}:" in shown
    assert ": shard head_dim over m\n" in shown
    assert "passed over matmul: n splits head; m splits head_dim: the whole program" in shown
    assert "0 bytes if stored as head over n, m" in shown


def test_a_program_that_moves_nothing_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.hx"
    path.write_text(program("mesh dp = 16\n shard batch over dp"), encoding="utf-8")
    assert run(["explain", str(path)]) == 0
    assert "no collectives" in capsys.readouterr().out


@pytest.mark.parametrize("plan", [TWO_LEVEL, PERMUTED], ids=["exchanged", "moved"])
def test_a_hint_ends_the_moves_of_its_weight(plan: str) -> None:
    """Each line alone stops its own weight, all together stop them all, and the program is faster."""
    before = compile_text(program(plan))
    hints = before.report.hints
    moved = weight_moves(before)
    assert len(hints) == len(moved) > 0
    assert {hint.bytes_per_gpu > 0 for hint in hints} == {True}
    assert {hint.text for hint in hints} <= set(before.report.notes)
    for hint in hints:
        after = compile_text(with_lines(plan, [hint.line]))
        assert sorted(weight_moves(after)) == sorted(
            value for value in moved if value != hint.weight.split(".")[1]
        )
        assert before.report.bytes_per_gpu - after.report.bytes_per_gpu == (hint.bytes_per_gpu)
        more = after.report.memory.weights_bytes - before.report.memory.weights_bytes
        assert max(0, more) == hint.more_memory
    every = compile_text(with_lines(plan, [hint.line for hint in hints]))
    assert weight_moves(every) == []
    assert every.report.hints == ()


def test_the_hint_of_the_reference_case() -> None:
    hint = compile_text(program(TWO_LEVEL)).report.hints[0]
    assert hint.line == "in mha.wq { shard head over n, m }"
    assert hint.text == (
        "weight `mha.wq` is exchanged in every step (6.291 MB per GPU): 0 bytes if stored as head "
        "over n, m; at the end of the plan: `in mha.wq { shard head over n, m }`"
    )


def test_weights_of_equal_calls_share_one_hint() -> None:
    """A path speaks of every call of a layer, so one line serves them all."""
    body = """
      input x: bf16[batch, seq, embed]
      x = x + mha(layer_norm(x, over embed))
      x = x + mha(layer_norm(x, over embed))
      output x
    """
    plan = TWO_LEVEL.rsplit("in mlp", 1)[0]
    compiled = compile_text(program(plan, body=body))
    assert len(weight_moves(compiled)) == 8
    assert {hint.times for hint in compiled.report.hints} == {2}
    lines = [hint.line for hint in compiled.report.hints]
    assert len(lines) == len(set(lines)) == 4
    after = compile_text(program("\n".join([plan, *lines]), body=body))
    assert weight_moves(after) == []


def test_where_no_line_can_say_it_there_is_no_hint() -> None:
    """A weight that no step moves needs none."""
    sizes = """
      dim batch = 8, seq = 4096, embed = 8192, hidden = 32_768
      dim kv_head = 8, group = 8, head_dim = 128
    """
    plan = """mesh tp = 16
      in mha { shard kv_head, group over tp }
      in mlp { shard hidden over tp }"""
    assert compile_text(grouped(plan, sizes)).report.hints == ()


def test_a_code_that_does_not_exist_is_a_wrong_command_line() -> None:
    assert run(["explain", "HX9999"]) == 2


def test_every_code_has_a_family() -> None:
    assert all(family(code) for code in CODES)
