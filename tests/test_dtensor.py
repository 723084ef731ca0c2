"""Modules for DTensor as texts, and what is said of plans for which there is none."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from random_programs import draw_program

import helixc
from helixc.cli.main import run
from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.layout import make_layout
from helixc.ir.mesh import Axis, Mesh
from helixc.ir.ops import OPS
from helixc.pytorch.dtensor.classes import TAKEN
from helixc.pytorch.dtensor.expressions import OBSTACLES
from helixc.pytorch.dtensor.module import dtensor_text
from helixc.pytorch.dtensor.placements import placements_text, without_placements
from helixc.pytorch.identifiers import TAKEN as TAKEN_EVERYWHERE

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
REFERENCE = str(EXAMPLES / "helix_16.hx")
GOLDEN = Path(__file__).parent / "cases" / "torch" / "helix_two_level_dtensor.py"
MESH = Mesh.uncut((Axis("a", 2), Axis("b", 2), Axis("c", 2)))


def test_the_module_of_the_reference_case_is_the_one_that_is_kept(tmp_path: Path) -> None:
    """To keep a new one: ``helixc emit torch examples/helix_16.hx --plan two_level --style dtensor -o tests/cases/torch``."""
    arguments = ["--plan", "two_level", "--style", "dtensor", "-o", str(tmp_path)]
    assert run(["emit", "torch", REFERENCE, *arguments]) == 0
    written = (tmp_path / GOLDEN.name).read_text(encoding="utf-8")
    assert written == GOLDEN.read_text(encoding="utf-8")


def test_modules_are_clean_python(tmp_path: Path) -> None:
    for example in sorted(EXAMPLES.glob("*.hx")):
        for plan in helixc.check(example).plans:
            try:
                text = dtensor_text(helixc.compile(example, plan=plan).spmd)
            except HelixError:
                continue
            (tmp_path / f"{example.stem}_{plan}.py").write_text(text, encoding="utf-8")
    assert len(list(tmp_path.iterdir())) >= 17
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E7,E9,F"]
    subprocess.run([*command, str(tmp_path)], check=True)


@pytest.mark.parametrize("seed", range(40))
def test_modules_of_random_programs_are_python_or_refused_with_a_line(seed: int) -> None:
    chooser = random.Random(seed)
    try:
        compiled = helixc.compile_text(
            draw_program(lambda options: chooser.choice(list(options))), plan="p"
        )
    except HelixError:
        return
    try:
        text = dtensor_text(compiled.spmd, checked=True)
    except HelixError as error:
        found = {(d.code, d.span.line > 0) for d in error.diagnostics}
        if not found <= {("HX1110", True), ("HX1111", True)}:
            raise
        return
    compile(text, "emitted", "exec")


def test_no_value_hides_a_function_of_the_module() -> None:
    text = GOLDEN.read_text(encoding="utf-8")
    defined = re.findall(r"^(?:def |class )?(\w+)(?:\(| = )", text, re.MULTILINE)
    layers = {"Attend", "Mha", "Mlp", "Layer", "Helix"}
    assert set(defined) - layers <= {*TAKEN, *TAKEN_EVERYWHERE}


def test_obstacles_are_of_operators_that_there_are() -> None:
    assert set(OBSTACLES) <= set(OPS)


# --- layouts


def test_a_layout_is_a_placement_for_each_axis() -> None:
    layout = make_layout({"y": ("a", "c")}, ("b",), "max")

    assert placements_text(layout, ("x", "y"), MESH) == 'Shard(1), Partial("max"), Shard(1)'
    assert list(without_placements(layout, MESH)) == []


def test_another_order_of_axes_and_turned_blocks_have_no_placements() -> None:
    reasons = dict(without_placements(make_layout({"x": ("b", "a"), "y": ("c",)}), MESH))
    assert reasons == {
        "x": "it is split over b then a; DTensor splits in the order of the mesh, a then b"
    }
    turned = make_layout({"y": ("c",)}, turned=[("y", 1)])
    assert [dim for dim, _ in without_placements(turned, MESH)] == ["y"]


# --- what is refused

PROGRAM = """
gpu chip {{ memory = 80 GB; bandwidth = 2 TB/s; bf16 = 500 TFLOP/s }}
link wire {{ bandwidth = 450 GB/s; latency = 3 us }}
model m {{
  dim batch = {batch}, embed = 16, hidden = 32
  input x: f32[batch, embed]
  weight up: f32[embed, hidden]
  weight down: f32[hidden, embed]
  output y = matmul(gelu(matmul(x, up, over embed)), down, over hidden)
}}
cluster box {{ gpu chip; level gpu = 4 via wire }}
plan p for m on box {{
  mesh a = 2, b = 2
  {lines}
}}
"""


def refused(lines: str, batch: int = 8) -> list[tuple[str, str, str]]:
    """The code, the text that is marked, and the message of each finding."""
    source = PROGRAM.format(lines=lines, batch=batch)
    with pytest.raises(HelixError) as caught:
        dtensor_text(helixc.compile_text(source, plan="p").spmd)
    return [(d.code, marked(d, source), d.message) for d in caught.value.diagnostics]


def marked(diagnostic: Diagnostic, source: str) -> str:
    span = diagnostic.span
    return source.splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize(
    ("lines", "batch", "text", "reason"),
    [
        (
            "shard hidden over b, a",
            8,
            "shard hidden over b, a",
            "how `hidden` is split: it is split over b then a",
        ),
        (
            "shard batch over a; microbatches 2 over batch",
            8,
            "microbatches 2 over batch",
            "`microbatches 2`: a module is one forward",
        ),
        ("shard batch over a, b; pad batch", 7, "pad batch", "`pad`: the module would be"),
    ],
)
def test_a_line_that_dtensor_cannot_follow_is_named(
    lines: str, batch: int, text: str, reason: str
) -> None:
    ((code, found, message),) = set(refused(lines, batch))
    assert (code, found) == ("HX1110", text)
    assert reason in message


def test_a_ring_is_one_finding_at_its_line() -> None:
    with pytest.raises(HelixError) as caught:
        dtensor_text(helixc.compile(EXAMPLES / "long_context.hx", plan="passed").spmd)
    (found,) = caught.value.diagnostics
    assert "DTensor cannot express a ring" in found.message
    text = (EXAMPLES / "long_context.hx").read_text(encoding="utf-8")
    assert marked(found, text).endswith("via ring")


def test_an_operator_is_named_with_the_line_that_splits_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(EXAMPLES / "llama3_70b.hx")
    arguments = [
        "--plan",
        "kv_parallel",
        "--style",
        "dtensor",
        "-o",
        str(tmp_path),
        "--format",
        "json",
    ]
    assert run(["emit", "torch", file, *arguments]) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert {(d["code"], d["severity"]) for d in found} == {("HX1111", "error")}
    assert all("it fills key, which is split" in d["message"] for d in found)
    assert all(d["notes"][0]["message"] == "the plan splits it here" for d in found)
    assert list(tmp_path.iterdir()) == []
