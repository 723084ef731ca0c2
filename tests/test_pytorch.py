"""Emitted modules as texts; ``tests/torch_runs`` runs them where PyTorch is installed."""

from __future__ import annotations

import ast
import builtins
import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from random_programs import draw_program

import helixc
from helixc.analysis.numbers_text import byte_text
from helixc.cli import run_command
from helixc.cli.main import run
from helixc.diagnostics import HelixError
from helixc.importing.importing import import_config
from helixc.ir.advance import STILL, moved, steps_before
from helixc.ir.ops import OPS
from helixc.ir.tensor import DTYPE_BITS, FLOATING
from helixc.pytorch.identifiers import TAKEN, Identifiers, identifier
from helixc.pytorch.module import module_text
from helixc.pytorch.operators import TORCH
from helixc.running import capacity
from helixc.running.advance import find_advance
from helixc.running.case import run_case, sized
from helixc.running.launch import Finished, Launch

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
GOLDEN = Path(__file__).parent / "cases" / "torch" / "helix_two_level.py"
REFERENCE = str(EXAMPLES / "helix_16.hx")


def test_every_operator_has_an_expression() -> None:
    """A new operator needs a row in ``helixc.pytorch.operators.TORCH``."""
    assert set(TORCH) == {
        kind for kind, row in OPS.items() if row.work not in ("source", "members")
    }


def test_the_module_of_the_reference_case_is_the_one_that_is_kept(tmp_path: Path) -> None:
    """To keep a new one: ``helixc emit torch examples/helix_16.hx --plan two_level -o tests/cases/torch``."""
    assert run(["emit", "torch", REFERENCE, "--plan", "two_level", "-o", str(tmp_path)]) == 0
    assert (tmp_path / GOLDEN.name).read_text(encoding="utf-8") == GOLDEN.read_text(
        encoding="utf-8"
    )


def test_modules_are_clean_python(tmp_path: Path) -> None:
    """No name is undefined or unused for nothing, whatever the plan; the kept module is."""
    for example in sorted(EXAMPLES.glob("*.hx")):
        for plan in helixc.check(example).plans:
            try:
                compiled = helixc.compile(example, plan=plan)
            except HelixError:
                continue
            text = module_text(compiled.spmd)
            (tmp_path / f"{example.stem}_{plan}.py").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E9,F821,F811,F7,F63",
    ]
    subprocess.run([*command, str(tmp_path)], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", str(GOLDEN)], check=True)


@pytest.mark.parametrize("seed", range(40))
def test_modules_of_random_programs_are_python(seed: int) -> None:
    chooser = random.Random(seed)
    text = draw_program(lambda options: chooser.choice(list(options)))
    try:
        compiled = helixc.compile_text(text, plan="p")
    except HelixError:
        return
    compile(module_text(compiled.spmd), "emitted", "exec")
    assert module_text(compiled.spmd, timed=True).count("    mesh.done(") > 1


def test_every_dtype_is_one_of_pytorch() -> None:
    text = GOLDEN.read_text(encoding="utf-8")
    known = text[text.index("DTYPES = {") : text.index("}", text.index("DTYPES = {"))]
    (floating,) = re.findall(r"^FLOATING = (.*)$", text, re.MULTILINE)
    assert set(re.findall(r'"(\w+)": torch', known)) == DTYPE_BITS.keys() - {"number"}
    assert set(ast.literal_eval(floating)) == set(FLOATING)


def test_no_value_hides_a_function_of_the_module() -> None:
    module = ast.parse(GOLDEN.read_text(encoding="utf-8"))
    names = [node for node in ast.walk(module) if isinstance(node, ast.Name)]
    own = {name.id for name in names if hasattr(builtins, name.id)} - {"__doc__", "__name__"}
    for node in module.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                own.add(name)
            case ast.Import(names=imported) | ast.ImportFrom(names=imported):
                own.update((each.asname or each.name).partition(".")[0] for each in imported)
            case _:
                own.update(target.id for target in getattr(node, "targets", ()))
    layers = {"mha", "mlp", "layer"}
    assert own - layers <= set(TAKEN)


def test_a_name_is_used_again_when_its_value_is_no_longer_read() -> None:
    names = Identifiers(("mesh",), {"a": 3, "b": 9})

    assert names.give("a", "x", 0) == "x"
    assert names.give("b", "x", 2) == "x_2"
    assert names.give("c", "x", 3) == "x"
    assert names.of("b") == "x_2"
    assert names.give("d", "mesh", 4) == "mesh_2"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("x", "x"),
        ("x.2~1", "x_2_1"),
        ("class", "class_"),
        ("2", "value_2"),
        ("", "value"),
        ("é", "value"),
    ],
)
def test_identifiers_are_legal(text: str, name: str) -> None:
    assert identifier(text) == name
    assert name.isidentifier()


def test_a_module_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["emit", "torch", REFERENCE, "--plan", "two_level", "-o", "-"]) == 0
    assert capsys.readouterr().out == GOLDEN.read_text(encoding="utf-8")


def test_a_module_is_written_into_a_folder_that_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    assert run(["emit", "torch", REFERENCE, "--plan", "two_level", "-o", str(folder)]) == 0
    assert [path.name for path in folder.iterdir()] == [GOLDEN.name]


MANY = """
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 500 TFLOP/s }
link wire { bandwidth = 450 GB/s; latency = 3 us }
model m {
  dim batch = 8, embed = 1024, hidden = 4096, past = 100, seq = 1, key = past + seq
  input x: bf16[batch, seq, embed]
  state seen: bf16[batch, key, embed]
  weight up: [embed, hidden]
  seen = append(seen, x, at = past, seq -> key)
  output y = matmul(gelu(matmul(seen, up, over embed)), up, over hidden)
}
cluster many { gpu chip; level gpu = 512 via wire }
cluster one { gpu chip; level gpu = 1 via wire }
plan wide for m on many { mesh tp = 512; shard hidden over tp }
plan alone for m on one { mesh tp = 1 }
"""


def test_a_smaller_mesh_has_fewer_processes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "many.hx"
    file.write_text(MANY, encoding="utf-8")
    command = ["run", str(file), "--plan", "wide", "--shrink", "--format", "json"]
    assert run([*command, "--nproc", "512"]) == 2
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert found["legal"] == ["--nproc 2"]

    asked: list[int] = []

    def finish(_: str, inputs: object, weights: object, how: Launch) -> Finished:
        del inputs, weights
        asked.append(how.processes)
        raise HelixError([])

    monkeypatch.setattr(run_command, "launch", finish)
    monkeypatch.setattr(run_command, "find_torch", lambda: None)
    run(command)
    assert asked == [2]
    case = run_case(sized(helixc.compile(file, plan="wide"), small=True))
    assert case.fewer == ("tp 512 -> 2",)


def test_states_count_for_the_memory_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "_free_bytes", lambda: 0)
    monkeypatch.setattr(capacity, "_run_bytes", lambda _: 0)
    compiled = helixc.compile_text(MANY, plan="alone")
    memory = compiled.report.memory
    assert memory.state_bytes > 0
    size = byte_text(300 * 2**20 + 4 * memory.needed_bytes)
    with pytest.raises(HelixError, match=f"1 process and the model beside take about {size}"):
        capacity.check_capacity(sized(compiled, small=False), "f64")


def test_another_number_of_processes_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", REFERENCE, "--plan", "two_level", "--nproc", "3", "--format", "json"]) == 2
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["code"], found["legal"]) == ("HX1104", ["--nproc 16"])


def test_more_steps_than_there_are_places_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["run", str(EXAMPLES / "gpt2.hx"), "--plan", "replicas", "--shrink", "--steps", "5"]
    assert run([*command, "--format", "json"]) == 2
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["code"], found["legal"]) == ("HX1112", ["--steps 4"])


def test_numbers_that_follow_the_place_of_a_state_move_with_it() -> None:
    compiled = helixc.compile(EXAMPLES / "gpt2.hx", plan="replicas")
    advance = find_advance(compiled)
    before = helixc.compile(
        EXAMPLES / "gpt2.hx", plan="replicas", settings={"past": 508, "key": 512}
    )

    assert advance.places(compiled.logical) == 1
    assert steps_before(compiled.logical, advance) == 511
    assert moved(compiled.logical, advance, -3).body == before.logical.body
    text = module_text(compiled.spmd, advance)
    assert "511 + mesh.ahead" in text
    assert 'weights["keys"] = keys\n' in text
    assert "PLACES = 1\n" in text


def test_nothing_moves_where_no_dimension_says_the_place() -> None:
    text = MANY.replace("at = past", "at = 7")
    assert find_advance(helixc.compile_text(text, plan="alone")) == STILL
    prefill = helixc.compile(EXAMPLES / "llama3_70b.hx", plan="serve")
    assert find_advance(prefill) == STILL


def imported(folder: Path, config: str, *changes: tuple[str, str]) -> list[str]:
    """The command that emits a model imported from a configuration, its text changed."""
    path, file = ROOT / "tests" / "configs" / f"{config}.json", folder / "model.hx"
    text = import_config(path.read_text(encoding="utf-8")).text
    for before, after in changes:
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")
    command = ["emit", "torch", str(file), "--phase", "decode", "--config", str(path)]
    return [*command, "-o", "-", "--format", "json"]


def test_an_imported_model_takes_the_tensors_of_its_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(imported(tmp_path, "qwen1_5_moe_a2_7b")) == 0
    text = capsys.readouterr().out
    table = text.partition("CHECKPOINT = ")[2].partition("# A step runs so many")[0]
    made = ast.literal_eval(table)["layer.0.moe.up"]
    assert made[0][59] == "model.layers.0.mlp.experts.59.up_proj.weight"
    assert made[1:] == ((1408, 2048), ((0, 1408), (0, 2048)), (60, 1408, 2048), (0, 2, 1))


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("HX1011", "weight table:", "weight more: [embed]\n  weight table:"),
        ("HX1012", "dim expert_hidden = 1408", "dim expert_hidden = 1536"),
    ],
)
def test_a_model_that_is_no_longer_the_imported_one_is_refused(
    code: str, before: str, after: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = imported(tmp_path, "qwen1_5_moe_a2_7b", (before, after))
    if code == "HX1011":
        file = tmp_path / "model.hx"
        text = file.read_text(encoding="utf-8")
        text = text.replace(
            "x = take(table, vocab = tokens)", "x = take(table, vocab = tokens) * more"
        )
        file.write_text(text, encoding="utf-8")
    assert run(command) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert {one["code"] for one in found} == {code}


def test_what_is_padded_says_its_shape_in_the_model() -> None:
    text = (EXAMPLES / "long_context.hx").read_text(encoding="utf-8")
    assert "REAL = {}" in module_text(helixc.compile_text(text, plan="passed").spmd)
    padded = MANY.replace("shard hidden over tp }", "shard hidden over tp; pad hidden }", 1)
    compiled = helixc.compile_text(padded, plan="wide", settings={"hidden": 1000})
    found = module_text(compiled.spmd)
    assert 'REAL = {\n    "up": (1024, 1000),\n}' in found
    assert '"up": ((1024, 1024), ((), ("tp",))' in found


def test_what_does_not_fit_this_machine_is_not_started(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", REFERENCE, "--plan", "two_level", "--format", "json"]) == 2
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["code"], found["legal"]) == ("HX1103", ["--shrink"])


def test_without_pytorch_a_run_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run(["run", REFERENCE, "--plan", "two_level", "--shrink"]) == 2
    assert "helixc[torch]" in capsys.readouterr().err


def test_pairs_may_lie_along_a_product_of_dimensions() -> None:
    """Where one of the two factors is a single place, as where a size is set to 1."""
    text = """
    model m {
      dim batch = 4, one = 1, two = 2
      input x: f32[batch, two, one]
      output y = rotate(x, index(batch), over one, two)
    }
    gpu chip { memory = 80 GB; bandwidth = 2 TB/s; f32 = 40 TFLOP/s }
    link wire { bandwidth = 100 GB/s; latency = 1 us }
    cluster pair { gpu chip; level gpu = 2 via wire }
    plan p for m on pair { mesh t = 2; shard batch over t }
    """
    made = module_text(helixc.compile_text(text).spmd)

    assert ".permute(0, 2, 1).flatten(-2), " in made
    assert ").unflatten(-1, (1, 2))" in made


def test_a_turn_leaves_alone_what_later_turns_read_from_outside() -> None:
    """What a turn yields may be called like a value from outside that every turn reads."""
    text = """
    model m {
      dim batch = 4
      input x, total: f32[batch]
      weight w: [batch]
      first = x
      repeat 3 { x = first * w; total = total + x }
      output x, total
    }
    gpu chip { memory = 80 GB; bandwidth = 2 TB/s; f32 = 40 TFLOP/s }
    link wire { bandwidth = 100 GB/s; latency = 1 us }
    cluster pair { gpu chip; level gpu = 2 via wire }
    plan p for m on pair { mesh t = 2; shard batch over t }
    """
    made = module_text(helixc.compile_text(text).spmd)

    (turn,) = re.findall(
        r"    for turn in range\(3\):\n +(.*) = layer\(mesh, weights.*?(, .*)\)", made
    )
    yielded, given = turn[0].split(", "), turn[1].removeprefix(", ").split(", ")
    (head,) = re.findall(r"def layer\(mesh, weights, (.*)\):", made)
    assert len(set(head.split(", "))) == len(given)
    assert given[: len(yielded)] == yielded
    assert not set(given[len(yielded) :]) & set(yielded)
