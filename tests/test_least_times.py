"""What the choice leaves out by: no way of sharing an operator takes less than is counted ahead."""

from __future__ import annotations

import attrs
import pytest

import helixc
from helixc.analysis.local_compute import local_compute
from helixc.calibrate.calibration import known_hardware
from helixc.ir.hardware import Gpu
from helixc.ir.spmd import Compute, Spmd, walk
from helixc.price.operator import get_time, least_picoseconds, operator_price

PROGRAM = """
import std.hardware
model m {
  dim seq = 32768, key = seq, head = 64, head_dim = 128, past = 4096
  dim wide = 32768, out = 32768, few = 16
  input x: bf16[seq, head, head_dim]
  input token: bf16[head, head_dim]
  input cache: bf16[past, head, head_dim]
  input a: f32[wide, few]
  input narrow: f8[wide, few]
  weight b: f32[few, out]
  weight c: f8[few, out]
  output many = causal(x, rename(x, seq -> key))
  output one = attend(token, cache)
  output thin = matmul(a, b, over few)
  output quick = matmul(narrow, c, over few)
  output rows = softmax(thin, over out)
}
layer causal(q: [seq, head, head_dim], y: [key, head, head_dim]) -> [seq, head, head_dim] {
  scores = matmul(q, y, over head_dim)
  return matmul(softmax(where(index(key) <= index(seq), scores, -inf), over key), y, over key)
}
layer attend(q: [head, head_dim], y: [past, head, head_dim]) -> [head, head_dim] {
  return matmul(softmax(matmul(q, y, over head_dim), over past), y, over past)
}
cluster c { gpu GPU; level gpu = 8 via nvlink4 }
plan p for m on c { mesh t = gpus; shard head over t; shard wide over t; fuse causal; fuse attend }
"""
KINDS = ("kernel", "matmul", "softmax")


def _missed(gpu: Gpu, spmd: Spmd) -> list[str]:
    """The operators of which a GPU's part takes less than all could at least take."""
    missed: list[str] = []
    for statement in walk(spmd.body):
        if isinstance(statement, Compute) and statement.op.kind in KINDS:
            whole = local_compute(attrs.evolve(statement, way=()), spmd).operator
            part = local_compute(statement, spmd).operator
            least = least_picoseconds(whole, gpu, spmd.mesh.devices)
            if not 0 < least <= operator_price(part, gpu).picoseconds:
                missed.append(statement.result)
    return missed


@pytest.mark.parametrize("name", ["a100_80g", "h100_sxm", "h200", "b200"])
def test_no_part_takes_less_than_the_least(name: str) -> None:
    spmd = helixc.compile_text(PROGRAM.replace("GPU", name)).spmd
    gpu = spmd.cluster.gpu

    assert {s.op.kind for s in walk(spmd.body) if isinstance(s, Compute)} >= set(KINDS)
    assert _missed(gpu, spmd) == []
    assert _missed(attrs.evolve(gpu, figures=()), spmd) == []
    assert _missed(attrs.evolve(gpu, sms=0), spmd) == []
    # As fitted to a machine that does better than its datasheet.
    quick = [(n, 3 * v if n.endswith(("_memory", "_efficiency")) else v) for n, v in gpu.figures]
    assert _missed(attrs.evolve(gpu, figures=tuple(quick)), spmd) == []


def test_a_wide_result_is_written_as_wide_as_it_is() -> None:
    """Of a thin product in f32 writing the result is nearly all: it takes twice that in bf16."""
    gpu = known_hardware("h100_sxm", None)[0]
    fast = attrs.evolve(gpu, peaks=tuple((dtype, 1e18) for dtype, _ in gpu.peaks))
    times = [_thin(dtype, fast) for dtype in ("bf16", "f32", "f8")]
    assert 1.9 < times[1] / times[0] < 2.1
    assert 0.9 < times[2] / times[0] < 1.2


def _thin(dtype: str, gpu: Gpu) -> float:
    return get_time(32768, 16, 32768, 1, dtype, gpu).picoseconds
