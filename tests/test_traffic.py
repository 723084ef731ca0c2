"""Who receives how much from whom, against groups gone through one GPU at a time and permutes really run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DIMS, layouts, meshes, sizes_for, steps_from

import helixc
from helixc.analysis import traffic
from helixc.analysis.timed_program import timed_program
from helixc.analysis.traffic import find_traffic
from helixc.emit.page_traffic import traffic_json
from helixc.interp.blocks import scatter
from helixc.interp.collectives import run_step
from helixc.interp.devices import Devices
from helixc.ir.layout import Permute
from helixc.ir.mesh import Mesh


def dense(pairs: Counter[tuple[int, int]], count: int) -> list[list[int]]:
    return [[pairs[to, origin] for origin in range(count)] for to in range(count)]


@given(mesh=meshes(), block=st.integers(1, 5), at_a_time=st.integers(1, 9), data=st.data())
def test_pairs_are_those_of_the_groups(
    mesh: Mesh, block: int, at_a_time: int, data: st.DataObject
) -> None:
    names = data.draw(st.permutations([atom.name for atom in mesh.atoms]))
    atoms = tuple(names[: data.draw(st.integers(0, len(names)))])
    pairs = Counter[tuple[int, int]]()
    for gpu in range(mesh.devices):
        for other in mesh.group(gpu, atoms):
            pairs[gpu // block, other // block] += other != gpu
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traffic, "_GROUPS_AT_A_TIME", at_a_time)
        matrix = traffic._matrix(mesh, atoms, block)
    assert matrix.tolist() == dense(pairs, -(-mesh.devices // block))


@given(mesh=meshes(), data=st.data())
def test_who_sends_in_a_permute_holds_what_is_wanted(mesh: Mesh, data: st.DataObject) -> None:
    layout = data.draw(layouts(mesh))
    steps = [step for step in steps_from(layout, mesh) if isinstance(step, Permute)]
    if not steps:
        return
    step = data.draw(st.sampled_from(steps))
    sizes = data.draw(sizes_for(mesh, layout))
    value = np.arange(np.prod([sizes[dim] for dim in DIMS])).reshape([sizes[dim] for dim in DIMS])
    before = scatter(value, DIMS, layout, mesh, np.random.default_rng(0))
    after = run_step(before, DIMS, layout, step, Devices(mesh))
    sent = traffic._sent(layout, step.layout, mesh, 1)
    for gpu in range(mesh.devices):
        (sources,) = np.nonzero(sent[gpu])
        assert len(sources) <= 1
        if len(sources):
            assert np.array_equal(before[sources[0]], after[gpu])
        elif not layout.partial:
            assert np.array_equal(before[gpu], after[gpu])


def written(example: str, plan: str) -> tuple[helixc.Compilation, dict[str, Any]]:
    compilation = helixc.compile(f"examples/{example}.hx", plan=plan)
    timed = timed_program(compilation.spmd, compilation.report)
    values = find_traffic(timed.program, timed.layers).of
    rows = {value: number for number, value in enumerate(values)}
    return compilation, traffic_json(timed, rows)


@pytest.mark.parametrize(
    ("example", "plan"),
    [("helix_16", "two_level"), ("mixtral_8x7b", "experts"), ("llama3_70b", "serve")],
)
def test_every_gpu_receives_what_the_report_says(example: str, plan: str) -> None:
    compilation, found = written(example, plan)
    received = [0.0] * compilation.spmd.mesh.devices
    for moved in found["moved"]:
        for gpu, row in enumerate(found["patterns"][moved["pattern"]]):
            received[gpu] += sum(row) * moved["bytes"] / moved["peers"]
    assert received == pytest.approx([compilation.report.bytes_per_gpu] * len(received))
    assert found["names"] == [f"GPU {gpu}" for gpu in range(len(received))]


LARGE = """
import std.hardware
model m {
  dim batch = 4096, embed = 4096, out = 512
  input x: bf16[batch, embed]
  weight w: [embed, out]
  output y = matmul(x, w, over embed)
}
cluster hall { gpu h100_sxm; level pod = 2 via ib_ndr400; level node = NODES via ib_ndr400; level gpu = 8 via nvlink4 }
plan p for m on hall { mesh d = pod, t = node * gpu; shard batch over d; shard embed over t; replicate batch, out }
"""


@pytest.mark.parametrize(
    ("nodes", "block", "last"),
    [(4, 1, "GPU 63"), (32, 8, "pod 1, node 31"), (64, 16, "GPUs 1008-1023")],
)
def test_many_gpus_are_told_by_the_members_of_a_level(nodes: int, block: int, last: str) -> None:
    compilation = helixc.compile_text(LARGE.replace("NODES", str(nodes)), plan="p")
    timed = timed_program(compilation.spmd, compilation.report)
    found = traffic_json(timed, {"y~1": 0})
    assert (found["block"], found["names"][-1]) == (block, last)
    gpus = nodes * 16
    pairs = sum(map(sum, found["patterns"][found["moved"][0]["pattern"]]))
    assert pairs == gpus * found["moved"][0]["peers"]
