"""``take``: what it yields, what it costs, and that a split table gives a partial sum and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_operators import model, programs
from hypothesis import given
from oracle_programs import HARDWARE
from running import text_of

from helixc.analysis.local_compute import local_compute
from helixc.compiler import Compilation, compile_text
from helixc.diagnostics import HelixError
from helixc.interp.data import Data
from helixc.interp.index_ranges import index_ranges
from helixc.interp.logical import run_logical
from helixc.interp.verify import verify
from helixc.ir.logical import Logical
from helixc.ir.ops import Declared, Number, Op
from helixc.ir.rules import infer
from helixc.ir.spmd import Compute, Move, walk
from helixc.ir.tensor import TensorType


def compiled(body: str, plan: str, vocab: int = 96) -> Compilation:
    text = f"""{HARDWARE}
model m {{
  dtype bf16
  dim batch = 8, seq = 64, embed = 32, vocab = {vocab}
  {body}
}}
plan p for m on eight {{ mesh tp = 8; {plan} }}
"""
    return compile_text(text, name="take.hx")


TABLE = "input tokens: i32[batch, seq]; weight table: [vocab, embed]; "
LOOKUP = TABLE + "output x = take(table, vocab = tokens)"


def the_take(of: Compilation) -> Compute:
    return next(s for s in walk(of.spmd.body) if isinstance(s, Compute) and s.op.kind == "take")


def proved(of: Compilation) -> bool:
    return verify(of.logical, of.stages[1:]).verdict == "equal"


def test_an_index_comes_in_where_what_is_taken_goes_away() -> None:
    assert the_take(compiled(LOOKUP, "shard batch over tp")).op.type.dims == (
        "batch",
        "seq",
        "embed",
    )


def test_shared_dimensions_are_matched() -> None:
    body = "input logits: [batch, seq, vocab]; input labels: i32[batch, seq]; "
    found = compiled(
        body + "output y = take(logits, vocab = labels)", "shard vocab over tp", 96_000
    )

    assert the_take(found).op.type.dims == ("batch", "seq")
    assert the_take(found).layout.partial == ("tp",)
    assert proved(found)


def test_a_split_table_is_looked_up_in_parts_that_add_up() -> None:
    found = compiled(LOOKUP, "shard vocab over tp")

    assert the_take(found).layout.partial == ("tp",)
    assert [type(s.step).__name__ for s in walk(found.spmd.body) if isinstance(s, Move)] == [
        "AllReduce"
    ]
    assert proved(found)


def test_it_moves_what_it_reads_and_writes_and_never_the_table() -> None:
    """Rows of 32 bf16 for 8 x 64 tokens, read and written, and the tokens; no FLOPs."""
    found = compiled(LOOKUP, "shard vocab over tp")
    work = local_compute(the_take(found), found.spmd).work

    assert work.bytes == 2 * (8 * 64 * 32 * 2) + 8 * 64 * 4
    assert work.flops == 0


def test_a_kernel_that_only_looks_up_a_table_does_not_read_it_all() -> None:
    body = TABLE + "y = take(table, vocab = tokens) * 3; output z = gelu(y)"
    found = compiled(body, "shard batch over tp; fuse y, z")
    kernel = next(
        s for s in walk(found.spmd.body) if isinstance(s, Compute) and s.op.kind == "kernel"
    )

    assert local_compute(kernel, found.spmd).work.bytes == 2 * (64 * 32 * 2) + 64 * 4
    assert proved(found)


@pytest.mark.parametrize("kind", ["f32", "i32"])
def test_places_outside_pick_zero(kind: str) -> None:
    place, table = TensorType("i32", ("c",)), TensorType(kind, ("a",))
    result = infer("take", [table, place], ("a",))
    body = (
        Op(result="t", kind="input", params=Declared(table), type=table),
        Op(result="i", kind="input", params=Declared(place), type=place),
        Op(result="y", kind="take", operands=("t", "i"), over=("a",), type=result),
    )
    arrays = {"t": np.array([7, 8, 9]), "i": np.array([-1, 0, 2, 3])}
    program = model(body, {"a": 3, "c": 4})

    values = run_logical(program, lambda op, turns: arrays[op.result]).values

    assert values["y", ()].tolist() == [[0, 7, 9, 0]]


def test_the_last_element_stays_the_last_at_small_sizes() -> None:
    body = "input x: [batch, seq, embed]; output y = take(x, seq = seq - 1) * take(x, seq = 2)"
    assert proved(compiled(body, "shard seq over tp"))


@given(programs(("take",)))
def test_random_places_lie_inside(program: Logical) -> None:
    op = program.makers["y"]
    place = op.operands[1]
    if isinstance(place, Number):
        return
    length = int(np.prod([program.sizes[dim] for dim in op.over]))
    drawn = Data(program, 0)(program.makers[place], ())

    assert index_ranges(program)[place] == length
    assert 0 <= drawn.min() <= drawn.max() < length


def test_ranges_reach_the_inputs_behind_an_index_but_not_those_behind_its_table() -> None:
    body = """
      input map, other: i32[batch]; input tokens: i32[seq]; weight table: [vocab, embed]
      repeat 2 { tokens = tokens * 1 }
      output x = take(table, vocab = take(map, batch = tokens))
      output y = f32(other)
    """
    program = compiled(body, "shard embed over tp").logical
    ranges = index_ranges(program)

    assert {name: ranges.get(name) for name in ("map", "tokens", "other")} == {
        "map": 96,
        "tokens": 8,
        "other": None,
    }


def test_a_batch_of_tokens_can_be_sliced_and_what_is_taken_cannot() -> None:
    found = compiled(LOOKUP, "microbatches 2 over batch; shard seq over tp")
    assert proved(found)

    with pytest.raises(HelixError) as refused:
        compiled(
            "input x: [batch, seq]; output y = outer(take(x, seq = 3), index(seq))",
            "microbatches 2 over seq; shard batch over tp",
        )
    notes = [note.message for note in refused.value.diagnostics[0].notes]
    assert "`y` joins all slices: it is a take over it" in notes


def test_parts_of_a_table_are_no_approximation_of_it() -> None:
    with pytest.raises(HelixError, match="sums over nothing"):
        compiled(TABLE + "x = take(table, vocab = tokens); output x",
                 "shard vocab over tp; local x over tp")  # fmt: skip


def test_the_last_place_stays_the_last_of_the_model_at_small_sizes() -> None:
    """A number that picks follows the size that the model has, not the one that is filled up."""
    body = "dim a = 18, b = 4\ninput x: f32[a, b]\noutput y = take(x, a = a - 1)"
    compiled = compile_text(text_of(body, "mesh t = 4; pad a; shard a over t", gpus=4))

    assert compiled.spmd.sizes["a"] == 20
    assert verify(compiled.logical, compiled.stages[1:]).verdict == "equal"
