"""``diff``: the parts add up to the difference, and it says why."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from foolish_plans import FOOLISH, MODEL

from helixc import compile, compile_text
from helixc.analysis.comparison import Comparison, Side, compare, side_of
from helixc.cli.main import run

EXAMPLES = Path(__file__).parent.parent / "examples"
PLANS = """\
plan inside for chat on two {
  mesh dp = node, tp = gpu
  shard batch over dp
  in attention { shard head over tp }
  in gated { shard hidden over tp }
}
plan across for chat on two {
  mesh tp = gpu, dp = node
  shard batch over dp
  in attention { shard head over tp }
  in gated { shard hidden over tp }
}
plan sequence for chat {
  mesh tp = gpus
  shard seq over tp
  in attention { shard head over tp }
  in gated { shard hidden over tp }
}
"""
TEXT = MODEL + PLANS


@cache
def side(plan: str, cluster: str | None = None) -> Side:
    return side_of(compile_text(TEXT, plan=plan, cluster=cluster).spmd)


@cache
def reference(plan: str) -> Side:
    return side_of(compile(EXAMPLES / "helix_16.hx", plan=plan).spmd)


def figures(both: Comparison) -> Mapping[str, tuple[float, float]]:
    return {figure.name: (figure.before, figure.after) for figure in both.figures}


def _sides() -> list[Side]:
    plans = [reference(plan) for plan in ("published", "two_level", "megatron", "megatron_sp")]
    own = [side("inside"), side("across"), side("sequence", "two"), side("sequence", "box")]
    foolish = [side_of(compile_text(MODEL + plan).spmd) for plan in FOOLISH.values()]
    return [*plans, *own, *foolish]


def test_the_parts_of_a_program_add_up_to_its_time() -> None:
    for one in _sides():
        assert sum(part.counted for part in one.parts) == one.path.picoseconds


def test_the_differences_of_the_parts_add_up_to_the_difference() -> None:
    for before, after in pairwise(_sides()):
        both = compare(before, after)
        assert sum(pair.difference for pair in both.pairs) == both.difference
        assert sum(pair.difference for pair in both.changed) == both.difference
        assert sum(time for _, _, time in both.by_layer) == both.difference
        one, other = figures(both)["time"]
        assert other - one == both.difference


def test_every_part_of_both_programs_is_in_one_pair() -> None:
    for before, after in permutations([reference("two_level"), reference("megatron_sp")], 2):
        pairs = compare(before, after).pairs
        assert sorted(p.before.name for p in pairs if p.before) == sorted(
            part.name for part in before.parts
        )
        assert sorted(p.after.name for p in pairs if p.after) == sorted(
            part.name for part in after.parts
        )


def test_a_comparison_the_other_way_round_has_the_opposite_sign() -> None:
    there = compare(side("inside"), side("across"))
    back = compare(side("across"), side("inside"))
    assert there.difference == -back.difference
    assert sorted(p.difference for p in there.pairs) == sorted(-p.difference for p in back.pairs)


def test_a_program_does_not_differ_from_itself() -> None:
    both = compare(side("inside"), side("inside"))
    assert not both.differ
    assert both.changed == ()
    assert both.by_layer == ()


def test_axes_across_the_nodes_are_slower_and_the_links_say_why() -> None:
    """The same plan with its mesh the other way round: only the links that are crossed differ."""
    both = compare(side("inside"), side("across"))
    assert both.difference > 0
    shown = figures(both)
    assert shown["computing"][0] == shown["computing"][1]
    assert shown["received per GPU"][0] == shown["received per GPU"][1]
    for pair in both.changed:
        assert pair.part.stream == "communication"
        reasons = {what: (one, other) for what, one, other in pair.reasons}
        assert reasons["links"] == (
            "4 x gpu over near",
            "2 x node over far and 2 x gpu over near",
        )
    assert both.changed
    assert shown["received over near (gpu)"][1] == 0
    assert shown["received over far (node)"][0] == 0


def test_one_plan_on_two_clusters_differs_by_their_links_alone() -> None:
    both = compare(side("sequence", "two"), side("sequence", "box"))
    assert both.difference < 0
    assert {pair.part.stream for pair in both.changed} == {"communication"}
    assert {what for pair in both.changed for what, _, _ in pair.reasons} <= {
        "links", "algorithm", "bound by",
    }  # fmt: skip


def test_an_operator_says_which_of_its_sizes_changed() -> None:
    both = compare(reference("two_level"), reference("megatron_sp"))
    adds = [pair for pair in both.changed if pair.part.kind == "add"]
    assert adds
    for pair in adds:
        reasons = {what: (one, other) for what, one, other in pair.reasons}
        assert reasons["seq of one GPU"] == ("10000", "625")
        assert reasons["GPUs doing the very same"] == ("16", "1")


def test_what_only_one_program_does_stands_alone() -> None:
    both = compare(reference("two_level"), reference("megatron_sp"))
    alone = [p.part for p in both.pairs if p.after is None]
    new = [p.part for p in both.pairs if p.before is None]
    assert {(part.kind, part.name) for part in alone} == {
        ("all_to_all", weight) for weight in ("wq", "wk", "wv", "wo")
    }
    assert {(part.kind, part.layer) for part in new} == {
        ("all_gather", "mha"), ("all_gather", "mlp"),
    }  # fmt: skip


# --- the command


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The model with three plans."""
    path = tmp_path / "chat.hx"
    path.write_text(TEXT, encoding="utf-8", newline="\n")
    return str(path)


def difference(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["diff", *arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    schema = files("helixc").joinpath("schemas", "diff_v1.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(json.loads(schema)).validate(found)
    return found


def test_the_json_has_all_parts_that_differ(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = difference(capsys, file, "--plan", "inside", "--plan", "across")
    assert (found["before"]["plan"], found["after"]["plan"]) == ("inside", "across")
    parts = sum(part["difference_seconds"] for part in found["parts"])
    assert parts == pytest.approx(found["difference_seconds"])
    layers = sum(row["difference_seconds"] for row in found["by_layer"])
    assert layers == pytest.approx(found["difference_seconds"])


def test_people_see_it_side_by_side(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", file, "--plan", "inside", "--plan", "across"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("inside on two -> across on two: ")
    assert "% slower)" in shown
    assert "links 4 x gpu over near -> 2 x node over far and 2 x gpu over near" in shown
    assert "  together\n" in shown
    assert max(map(len, shown.split("\n"))) < 400


def test_one_plan_may_be_compared_on_two_clusters(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    two = ["--plan", "sequence", "--cluster", "two", "--cluster", "box"]
    found = difference(capsys, file, *two)
    assert (found["before"]["cluster"], found["after"]["cluster"]) == ("two", "box")
    assert found["difference_seconds"] < 0


def test_settings_hold_for_both(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    two = ["--plan", "inside", "--plan", "across"]
    small = difference(capsys, file, *two, "--set", "batch=4")
    large = difference(capsys, file, *two)
    for one, other in zip(small["figures"], large["figures"], strict=True):
        if one["name"] == "received per GPU":
            assert 2 * one["before"] == other["before"]
            assert 2 * one["after"] == other["after"]


def test_the_exit_status_says_whether_they_differ_only_if_asked(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    two = ["--plan", "inside", "--plan", "across"]
    assert run(["diff", file, *two]) == 0
    assert run(["diff", file, *two, "--exit-code"]) == 1
    assert run(["diff", file, "--plan", "inside", "--plan", "inside", "--exit-code"]) == 0
    assert "do not differ" in capsys.readouterr().out


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["--plan", "inside"],
        ["--plan", "inside", "--cluster", "two"],
        ["--plan", "a", "--plan", "b", "--plan", "c"],
        ["--cluster", "two", "--cluster", "box"],
    ],
)
def test_too_few_or_too_many_names_are_a_wrong_command_line(
    file: str, names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["diff", file, *names]) == 2
    assert "inside" in capsys.readouterr().err


def test_a_file_with_just_two_plans_needs_no_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = MODEL + PLANS.split("plan sequence", maxsplit=1)[0]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert run(["diff", "-"]) == 0
    assert capsys.readouterr().out.startswith("inside on two -> across on two")


def test_the_mistakes_of_both_plans_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chat.hx"
    wrong = PLANS.replace("head over", "haed over", 1).replace("shard seq", "shard sqe")
    path.write_text(MODEL + wrong, encoding="utf-8")
    names = ["--plan", "inside", "--plan", "sequence", "--cluster", "two"]
    assert run(["diff", str(path), *names]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "`haed`" in shown.err
    assert "`sqe`" in shown.err
    assert run(["diff", str(tmp_path / "nothing.hx"), "--plan", "a", "--plan", "b"]) == 2
    assert run(["diff", str(path), *names, "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["errors"] == 2
