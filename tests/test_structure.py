"""The order of layers is read off who reads what."""

from __future__ import annotations

import attrs
from small_programs import TOKENS, at, compute, mlp_program, value

import helixc
from helixc.analysis.layers import find_layers
from helixc.analysis.structure import layer_contents, sequence
from helixc.ir.logical import Op, Output
from helixc.ir.spmd import Spmd

TOWERS = """
model pair {
  dim batch = 4, embed = 8
  input x, y: bf16[batch, embed]
  a = left(x)
  b = right(y)
  output joined = join(a, b)
}
layer left(x: [batch, embed]) -> [batch, embed] { return gelu(x) }
layer right(x: [batch, embed]) -> [batch, embed] { return relu(x) }
layer join(x: [batch, embed], y: [batch, embed]) -> [batch, embed] { return x + y }
cluster one { gpu h100_sxm; level gpu = 1 via nvlink4 }
plan alone for pair on one { mesh tp = 1 }
"""


def shown(spmd: Spmd) -> str:
    return sequence(spmd, find_layers(spmd))


def test_layers_that_do_not_wait_for_each_other_stand_side_by_side() -> None:
    spmd = helixc.compile_text(f"import std.hardware\n{TOWERS}").spmd
    assert shown(spmd) == "input -> (left | right) -> join -> output"


def test_what_the_body_does_after_a_repeat_stands_after_it() -> None:
    spmd = mlp_program()
    op = Op(result="end", kind="gelu", operands=("x_out",), type=value(*TOKENS), span=at(9))
    spmd = attrs.evolve(spmd, body=(*spmd.body, compute(op)), outputs=(Output("x", "end"),))
    assert shown(spmd) == "input -> layer0_mlp -> layer1_mlp -> tiny -> output"
    assert [c.layer.title for c in layer_contents(spmd, find_layers(spmd))] == ["mlp", "tiny"]


def test_contents_count_the_steps_of_one_turn() -> None:
    spmd = mlp_program(turns=7)
    (content,) = layer_contents(spmd, find_layers(spmd))
    assert dict(content.steps) == {
        "layer_norm": 1,
        "matmul": 2,
        "gelu": 1,
        "all_reduce": 1,
        "add": 1,
    }
