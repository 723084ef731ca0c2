"""Edits that ``explain`` announces do what is announced: the edited text compiles to that total."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from foolish_plans import FOOLISH, MODEL, foolish

from helixc import compile_text
from helixc.advising import advise
from helixc.analysis.advice import Advice, Trial, identity
from helixc.analysis.plan_text import Edit, PlanText, Replacement, changed_lines
from helixc.analysis.report import Report, build_report
from helixc.cli.main import run
from helixc.compiler import Compilation
from helixc.ir.source import InBlock, PlanDecl
from helixc.text.parser import parse_text


@cache
def advised(name: str) -> tuple[str, Compilation, Advice]:
    text, _ = foolish(name)
    compiled = compile_text(text)
    return text, compiled, advise(compiled)


def after(text: str, trial: Trial) -> Compilation:
    return compile_text(trial.edit.apply(text))


def report(compiled: Compilation) -> Report:
    """The report without what takes long: hints, and what was passed over."""
    return build_report(compiled.spmd)


def path_time(compiled: Compilation) -> int:
    return report(compiled).critical_path.picoseconds


@pytest.mark.parametrize("name", FOOLISH)
def test_the_best_edit_of_a_foolish_plan_changes_its_line_and_saves_what_it_says(name: str) -> None:
    text, compiled, advice = advised(name)
    assert advice.before.picoseconds == path_time(compiled)
    assert advice.best is not None
    edited = after(text, advice.best)
    assert path_time(edited) == advice.best.after.picoseconds < path_time(compiled)
    assert report(edited).memory.needed_bytes == advice.best.after.needed_bytes
    assert report(edited).memory.fits == advice.best.after.fits
    assert report(edited).bytes_per_gpu == advice.best.after.bytes_per_gpu


@pytest.mark.parametrize("name", FOOLISH)
def test_an_edit_of_the_guilty_line_is_among_those_that_save(name: str) -> None:
    _, guilty = foolish(name)
    _, _, advice = advised(name)
    saving = [trial for trial in advice.trials if advice.saves(trial)]
    assert any(guilty == line.number and line.old for t in saving for line in t.lines)


@pytest.mark.parametrize("name", FOOLISH)
def test_the_edit_announced_for_a_collective_is_rid_of_it(name: str) -> None:
    text, compiled, advice = advised(name)
    announced = {
        trial.edit: (trial, identity(collective))
        for collective in report(compiled).collectives
        if (trial := advice.removing(collective)) is not None
    }
    assert announced
    for trial, gone in announced.values():
        edited = after(text, trial)
        assert path_time(edited) == trial.after.picoseconds
        assert gone not in {identity(c) for c in report(edited).collectives}


def test_a_dimension_split_in_one_layer_only_is_split_everywhere() -> None:
    _, _, advice = advised("split in one layer only")
    assert advice.best is not None
    assert advice.best.edit.what == ("move `shard batch over dp` in `gated` out to the whole plan")
    assert advice.best.after.collectives == frozenset()


def test_split_norm_weights_are_left_whole() -> None:
    _, _, advice = advised("norm weights split")
    assert advice.best is not None
    assert advice.best.edit.what == "drop `shard embed over dp` in `norm.scale`"


def test_a_plan_without_a_faster_neighbour_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.hx"
    plan = "plan p for chat on box {\n  mesh dp = 8\n  shard batch over dp\n}\n"
    path.write_text(MODEL + plan, encoding="utf-8")
    assert run(["explain", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "none faster" in shown
    assert "best edit" not in shown


def test_an_edit_that_no_longer_fits_is_not_the_best() -> None:
    text = MODEL + "plan p for chat on box {\n  mesh dp = 8\n  shard batch over dp\n}\n"
    compiled = compile_text(text, settings={"batch": 512})
    advice = advise(compiled)
    assert advice.before.fits or advice.best is None or advice.best.after.fits
    for trial in advice.trials:
        assert not advice.saves(trial) or trial.after.fits or not advice.before.fits


def test_a_program_that_does_not_fit_is_told_the_fastest_edit_that_does() -> None:
    text, _ = foolish("split in one layer only")
    advice = advise(compile_text(text, settings={"batch": 512}))
    assert not advice.before.fits
    assert advice.fitting is not None
    assert advice.fitting.after.fits
    edited = compile_text(advice.fitting.edit.apply(text), settings={"batch": 512})
    assert report(edited).memory.fits


def test_more_edits_never_make_the_best_worse_and_none_are_tried_if_none_are_asked_for() -> None:
    text, _ = foolish("norms along the contracted dimension")
    compiled = compile_text(text)
    best: list[int] = []
    for most in (1, 4, 16):
        advice = advise(compiled, most)
        assert advice.tried <= most
        best.append(min([advice.before.picoseconds, *(t.after.picoseconds for t in advice.trials)]))
    assert best == sorted(best, reverse=True)
    assert advise(compiled, 0).tried == 0


def test_the_same_plan_gets_the_same_advice() -> None:
    text, _, advice = advised("freedom taken away")
    assert advise(compile_text(text)) == advice


# --- the command


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["explain", *arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    schema = files("helixc").joinpath("schemas", "explain_v1.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(json.loads(schema)).validate(found)
    return found


def test_the_json_says_how_to_make_the_edit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, _ = foolish("a weight stored against its reader")
    path = tmp_path / "m.hx"
    path.write_text(text, encoding="utf-8")
    found = explained(capsys, str(path))
    rows = [row["cheapest_edit"] for row in found["collectives"]] + [found["edits"]["best"]]
    for row in filter(None, rows):
        edited = text
        for one in reversed(row["replacements"]):
            edited = edited[: one["start"]] + one["new"] + edited[one["end"] :]
        assert path_time(compile_text(edited)) == pytest.approx(row["seconds"] * 1e12)
        assert row["difference_seconds"] == pytest.approx(row["seconds"] - found["program_seconds"])


def test_one_collective_is_explained_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, guilty = foolish("norms along the contracted dimension")
    path = tmp_path / "m.hx"
    path.write_text(text, encoding="utf-8")
    found = explained(capsys, str(path), "--collective", "2")
    (row,) = found["collectives"]
    assert (row["number"], row["held"], row["needed"]) == (2, "split on embed over tp", "whole")
    assert run(["explain", str(path), "--collective", "2"]) == 0
    shown = capsys.readouterr().out
    assert " 2. all-gather of `x` in attention" in shown
    assert f"{path}:{guilty}" in shown
    assert " 1. " not in shown
    assert run(["explain", str(path), "--collective", "99"]) == 2
    assert "there is no number 99" in capsys.readouterr().err


def test_edits_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.hx"
    path.write_text(foolish("freedom taken away")[0], encoding="utf-8")
    found = explained(capsys, str(path), "--edits", "0")
    assert found["edits"]["tried"] == 0
    assert {row["cheapest_edit"] for row in found["collectives"]} == {None}


# --- edits of text


def edited(lines: str, path: tuple[int, ...]) -> str:
    """A plan without one of its lines, found by its place in each block."""
    text = f"plan p for m {{{lines}}}\n"
    file, findings = parse_text(text, "m.hx")
    assert findings == ()
    plan = file.declarations[0]
    assert isinstance(plan, PlanDecl)
    around: list[InBlock] = []
    block: PlanDecl | InBlock = plan
    for index in path[:-1]:
        inner = block.lines[index]
        assert isinstance(inner, InBlock)
        around.append(inner)
        block = inner
    gone = PlanText(text, plan).without(block.lines[path[-1]], tuple(around))
    return Edit(what="", replacements=(gone,)).apply(text)


@pytest.mark.parametrize(
    ("lines", "path", "rest"),
    [
        ("\n  mesh t = 2\n  strict  # why\n", (1,), "\n  mesh t = 2\n"),
        (" mesh t = 2; strict ", (1,), " mesh t = 2 "),
        (" strict; mesh t = 2 ", (0,), " mesh t = 2 "),
        ("\n  mesh t = 2\n  in a { strict }\n", (1, 0), "\n  mesh t = 2\n"),
        ("\n  mesh t = 2; in a { in b { strict } } # why\n", (1, 0, 0), "\n  mesh t = 2 # why\n"),
        ("\n  mesh t = 2\n  in a { strict; label b }\n", (1, 0), "\n  mesh t = 2\n  in a { label b }\n"),
        ("\n  mesh t = 2\n  in a { # }\n    strict\n    label b }\n", (1, 1), "\n  mesh t = 2\n  in a { # }\n    strict\n    }\n"),
    ],
)  # fmt: skip
def test_a_line_goes_with_its_separator(lines: str, path: tuple[int, ...], rest: str) -> None:
    assert edited(lines, path) == f"plan p for m {{{rest}}}\n"


@pytest.mark.parametrize(
    ("lines", "own", "end"),
    [
        (" mesh t = 2 ", " mesh t = 2; strict ", " mesh t = 2; strict "),
        ("\n  mesh t = 2 # why\n", "\n  mesh t = 2 # why\n  strict\n", "\n  mesh t = 2 # why\n  strict\n"),
        (
            "\n  mesh t = 2\n  in a {\n    label b\n  }\n",
            "\n  mesh t = 2\n  strict\n  in a {\n    label b\n  }\n",
            "\n  mesh t = 2\n  in a {\n    label b\n  }\n  strict\n",
        ),
        (" in a { label b } ", " strict; in a { label b } ", " in a { label b }; strict "),
        ("\n in a { label b }\n", "\n strict\n in a { label b }\n", "\n in a { label b }\n strict\n"),
        ("", " strict ", " strict "),
    ],
)  # fmt: skip
def test_a_line_is_put_in_with_a_separator(lines: str, own: str, end: str) -> None:
    text = f"plan p for m {{{lines}}}\n"
    file, _ = parse_text(text, "m.hx")
    plan = file.declarations[0]
    assert isinstance(plan, PlanDecl)
    written = PlanText(text, plan)
    for new, expected in (
        (written.among_own(plan, "strict"), own),
        (written.at_end(plan, "strict"), end),
    ):
        result = Edit(what="", replacements=(new,)).apply(text)
        assert result == f"plan p for m {{{expected}}}\n"
        assert parse_text(result, "m.hx")[1] == ()


def test_changed_lines_are_whole_lines_with_their_numbers() -> None:
    text = "a\nb c\nd\n"
    edit = Edit(what="", replacements=(Replacement(1, 1, "\nx"), Replacement(4, 5, "e")))
    assert edit.apply(text) == "a\nx\nb e\nd\n"
    assert [(c.number, c.old, c.new) for c in changed_lines(text, edit)] == [
        (2, (), ("x",)),
        (2, ("b c",), ("b e",)),
    ]
    gone = Edit(what="", replacements=(Replacement(2, 6, ""),))
    assert [(c.number, c.old, c.new) for c in changed_lines(text, gone)] == [(2, ("b c",), ())]
