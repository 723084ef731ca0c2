"""Drawings for tests: of programs written by hand and of small compiled ones."""

from __future__ import annotations

from functools import cache

from small_programs import gather_program, mlp_program

import helixc
from helixc.emit.drawings import Drawing, draw
from helixc.ir.spmd import Spmd

# Two layers of attention in miniature, with every kind of step among its plans.
TEXT = """
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 900 TFLOP/s; launch = 1 us }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster box { gpu chip; level node = 2 via wire; level gpu = 2 via wire }

model small {
  dim batch = 8, seq = 16, embed = 32, head = 4, head_dim = 8, hidden = 64
  input x: bf16[batch, seq, embed]
  repeat 2 {
    x = x + mha(layer_norm(x, over embed))
    x = x + mlp(layer_norm(x, over embed))
  }
  output x
}

layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  attended = attend(q, k, v)
  return matmul(attended, wo, over head, head_dim)
}

layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  return matmul(softmax(scores, over key), v, over key)
}

layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}

plan tensor for small on box {
  mesh tp = 4
  in mha { label split; shard head over tp }
  in mlp { shard hidden over tp }
}
plan sequence for small on box {
  mesh tp = 4
  shard seq over tp
  in mha { shard head over tp }
  in mlp { shard hidden over tp }
}
plan exchange for small on box {
  mesh n = 2, m = 2
  in mha { shard head over n; shard head_dim over m via all_to_all; strict }
  in mlp { shard hidden over n, m }
}
plan levels for small on box {
  mesh n = 2, m = 2
  in mha { shard head over n; shard head_dim over m; strict }
  in mlp { shard hidden over n, m }
}
plan keys for small on box {
  mesh cp = 2, tp = 2
  in mha { strict; shard key over cp }
  in mlp { shard hidden over cp, tp; in w2 { shard hidden over tp, cp } }
}
"""

PLANS = ("tensor", "sequence", "exchange", "levels", "keys")


@cache
def compiled(plan: str) -> Spmd:
    """The small model by one of its plans."""
    return helixc.compile_text(TEXT, name="small.hx", plan=plan).spmd


@cache
def programs() -> tuple[Spmd, ...]:
    """All programs that tests draw."""
    return (mlp_program(), gather_program(), *(compiled(plan) for plan in PLANS))


@cache
def all_drawings() -> tuple[Drawing, ...]:
    """Every drawing of every program."""
    return tuple(drawing for program in programs() for drawing in draw(program)[0])
