"""More GPUs than heads: what the diagnostic of an uneven split proposes compiles, is proved, and is priced."""

from __future__ import annotations

import functools

import pytest

from helixc.analysis.advice import measure
from helixc.cli.main import run
from helixc.compiler import compile_text, make_choice
from helixc.diagnostics import Diagnostic, Fix, HelixError
from helixc.interp.verify import verify
from helixc.remedies import (
    MESH_TOO_LARGE,
    MOST_MESHES,
    MOST_TOLD,
    UNEVEN,
    Remedy,
    find_meshes,
    find_remedies,
    with_remedies,
)
from helixc.text.loader import load_text

HARDWARE = """
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster many { gpu chip; level node = 8 via wire; level gpu = 8 via wire }
"""
LAYERS = """
layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq: [embed, QUERY, head_dim]
  weight wk, wv: [embed, KV, head_dim]
  weight wo: [QUERY, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  masked = where(index(key) <= index(seq), scores, -30_000)
  attended = matmul(softmax(masked, over key), v, over key)
  return matmul(attended, wo, over QUERY, head_dim)
}
"""


def model(heads: str) -> str:
    query = "kv_head, group" if "kv_head" in heads else "head"
    layers = LAYERS.replace("QUERY", query).replace("KV", query.split(",", maxsplit=1)[0])
    return f"""
model m {{
  dtype bf16
  dim batch = 4, seq = 1024, embed = 512, head_dim = 64, {heads}
  input x: bf16[batch, seq, embed]
  x = x + mha(layer_norm(x, over embed))
  output x
}}
{layers}{HARDWARE}"""


def program(heads: str, gpus: int, line: str) -> str:
    return f"{model(heads)}plan p for m on many {{\n  mesh tp = {gpus}\n  in mha {{ {line} }}\n}}\n"


def refused(text: str) -> Diagnostic:
    with pytest.raises(HelixError) as error:
        compile_text(text, name="heads.hx")
    (found,) = [d for d in error.value.diagnostics if d.code == UNEVEN]
    return found


CASES = {
    "12 heads on 16": ("head = 12", 16, "shard head over tp"),
    "6 heads on 4": ("head = 6", 4, "shard head over tp"),
    "8 kv heads on 16": ("kv_head = 8, group = 8", 16, "shard kv_head over tp"),
    "8 kv heads on 64": ("kv_head = 8, group = 8", 64, "shard kv_head over tp"),
}


@functools.cache
def proposed(case: str) -> tuple[Remedy, ...]:
    text = program(*CASES[case])
    return find_remedies(
        refused(text), load_text(text, "heads.hx"), make_choice(None, None, None, None)
    )


@pytest.mark.parametrize("case", CASES)
def test_every_alternative_compiles_at_its_price_and_is_proved(case: str) -> None:
    remedies = proposed(case)

    times = [one.after.picoseconds for one in remedies]
    assert times == sorted(times)
    for one in remedies:
        compiled = compile_text(one.text, name="heads.hx")
        assert verify(compiled.logical, compiled.stages[1:]).verdict == "equal", one.what


@pytest.mark.parametrize("case", CASES)
def test_the_ways_to_use_more_gpus_than_heads_are_among_them(case: str) -> None:
    heads, _, line = CASES[case]
    dim = line.split()[1]
    whats = [one.what for one in proposed(case)]

    filled_up = f"`pad {dim}` beside it"
    split_head_dim = f"`shard {dim}, head_dim over tp` instead"
    split_keys = f"`shard {dim}, key over tp` instead"
    along_the_sequence = "`shard seq over tp` instead"
    assert {filled_up, split_head_dim, split_keys, along_the_sequence} <= set(whats)
    if "group" in heads:
        assert f"`shard {dim}, group over tp` instead" in whats


@pytest.mark.parametrize(
    "line",
    [
        "shard kv_head, group over tp", "shard kv_head, head_dim over tp", "shard kv_head over tp; pad kv_head",
        "shard kv_head, key over tp", "shard key over tp", "shard seq, key over tp",
    ],
)  # fmt: skip
@pytest.mark.parametrize("gpus", [16, 64])
def test_few_kv_heads_on_many_gpus(line: str, gpus: int) -> None:
    compiled = compile_text(program("kv_head = 8, group = 8", gpus, line), name="heads.hx")

    assert verify(compiled.logical, compiled.stages[1:]).verdict == "equal"


def test_a_name_for_a_number_is_no_dimension_to_split() -> None:
    """``past`` counts what a cache holds already: no value has it, and a line about it does nothing."""
    heads = "head = 6, past = 1024, longest = past + seq"
    text = program(heads, 4, "shard head over tp")

    found = find_remedies(
        refused(text), load_text(text, "heads.hx"), make_choice(None, None, None, None)
    )

    assert found
    assert not [one.what for one in found if "past" in one.what or "longest" in one.what]


def test_the_error_tells_them_cheapest_first() -> None:
    text = program(*CASES["12 heads on 16"])
    with pytest.raises(HelixError) as error:
        compile_text(text, name="heads.hx")
    sources, choice = load_text(text, "heads.hx"), make_choice(None, None, None, None)

    (found,) = with_remedies(error.value, sources, choice).diagnostics[-1:]

    told = [note.message for note in found.notes]
    assert told[0].startswith("cheapest first: `")
    assert 4 < len(told) <= MOST_TOLD
    assert any(note.startswith("`pad head` beside it: ") and " a step" in note for note in told)


def test_compile_prices_alternatives_and_check_does_not(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path_factory.mktemp("heads") / "heads.hx"
    file.write_text(program(*CASES["6 heads on 4"]))

    assert run(["check", str(file)]) == 1
    assert "cheapest first" not in capsys.readouterr().err
    assert run(["compile", str(file), "-o", str(file.parent / "out")]) == 1
    assert "note: cheapest first: `shard " in capsys.readouterr().err


MESHES = {
    "too many GPUs": ("head = 12", "mesh dp = 3, tp = node * 8\n  shard batch over dp"),
    "a split that does not divide": ("head = 12", "mesh dp = 8, tp = 8\n  shard batch over dp"),
    "too many GPUs for one axis": ("head = 12", "mesh tp = 80"),
}


@functools.cache
def meshes(case: str) -> tuple[str, Diagnostic, tuple[Remedy, ...]]:
    heads, mesh = MESHES[case]
    wide = model(heads).replace("batch = 4", "batch = 64")
    lines = f"{mesh}\n  in mha {{ shard head over tp }}"
    text = f"{wide}plan p for m on many {{\n  {lines}\n}}\n"
    with pytest.raises(HelixError) as error:
        compile_text(text, name="heads.hx")
    found = next(d for d in error.value.diagnostics if d.code in (UNEVEN, MESH_TOO_LARGE))
    sources, choice = load_text(text, "heads.hx"), make_choice(None, None, None, None)
    return text, found, find_meshes(found, sources, choice)


@pytest.mark.parametrize("case", [case for case in MESHES if "one axis" not in case])
def test_legal_meshes_are_compiled_and_ranked_by_time(case: str) -> None:
    _, _, found = meshes(case)

    times = [one.after.picoseconds for one in found]
    assert times == sorted(times)
    assert 2 <= len(found) <= MOST_MESHES
    for one in found:
        compiled = compile_text(one.text, name="heads.hx")
        assert measure(compiled.spmd, ()) == one.after
        assert one.gpus == compiled.spmd.mesh.devices == 64
    # Sixteen ways to split the heads, or 64, would be refused.
    assert {one.what for one in found} <= {"dp=64 tp=1", "dp=32 tp=2", "dp=16 tp=4"}


def test_no_mesh_is_told_where_none_is_legal() -> None:
    assert meshes("too many GPUs for one axis")[-1] == ()


@pytest.mark.parametrize("case", MESHES)
def test_fixes_are_the_edits_of_the_remedies(case: str) -> None:
    text, found, remedies = meshes(case)
    sources, choice = load_text(text, "heads.hx"), make_choice(None, None, None, None)
    told = with_remedies(HelixError([found]), sources, choice).diagnostics[0]

    texts = [one.text for one in (*find_remedies(found, sources, choice), *remedies)]
    assert [fixed(text, fix) for fix in told.fixes] == texts
    if found.code == MESH_TOO_LARGE and remedies:
        assert told.legal == tuple(fix.pieces[0][1] for fix in told.fixes)
        assert told.notes[-1].message.startswith("legal meshes for 64 GPUs, cheapest first: dp=")


def fixed(text: str, fix: Fix) -> str:
    """The text after a fix, by lines and columns."""
    lines = text.split("\n")
    for span, new in reversed(fix.pieces):
        assert span.line == span.end_line
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.column - 1] + new + line[span.end_column - 1 :]
    return "\n".join(lines)
