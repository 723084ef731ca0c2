"""The device level computes the same whatever legal order its tasks run in."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_programs import causal, program
from test_programs import compiled_or_refused, drawn_from
from test_verify import LOCAL, SEQUENCE, TWO_LEVEL

from helixc.compiler import Compilation, compile_text
from helixc.interp.approximation import divided_dims
from helixc.interp.data import Data
from helixc.interp.limits import excess
from helixc.interp.logical import Supply, Trace
from helixc.interp.shrink import shrink, smallest_instance
from helixc.interp.spmd import ExecutionError, run_spmd
from helixc.interp.tasks import ahead, last_first, run_tasks, shuffled
from helixc.interp.version import PaddedSupply, SliceSupply
from helixc.ir.device import DeviceProgram
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd
from helixc.ir.tensor import Dim, real_sizes
from helixc.passes.localize import localize
from helixc.passes.schedule import schedule

ORDERS: list[Callable[[DeviceProgram], list[int]]] = [
    lambda tasks: np.argsort(tasks.order).tolist(),
    lambda tasks: shuffled(tasks, 1),
    lambda tasks: shuffled(tasks, 2),
    last_first,
    lambda tasks: ahead(tasks, 0),
    lambda tasks: ahead(tasks, tasks.program.mesh.devices - 1),
]


def small(compiled: Compilation) -> tuple[Spmd, Supply]:
    """The small instance with its data, padded with zeros; of a step in slices the first slice."""
    stages = [stage for _, stage in compiled.stages[1:] if isinstance(stage, Logical | Spmd)]
    divided = divided_dims(compiled.logical, [s for s in stages if isinstance(s, Logical)][-1])
    names = {dim: tuple(part.name for part in parts) for dim, parts in divided.items()}
    instance = smallest_instance(compiled.logical, stages, names)
    model, placed = shrink(compiled.logical, instance), shrink(compiled.spmd, instance)
    assert isinstance(model, Logical)
    assert isinstance(placed, Spmd)
    parts = {d: [Dim(p.name, instance.sizes[p.name]) for p in ps] for d, ps in divided.items()}
    data = Data(model, 0, "normal", parts)
    supply = data if placed.slices is None else SliceSupply(data, placed.slices, 0)
    return placed, PaddedSupply(supply, placed.sizes, real_sizes(placed.dims))


PADDED = """
model m {
  dim batch = 8, embed = 22, hidden = 30
  input x: f32[batch, embed]
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  output y = matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s; f32 = 60 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster box { gpu chip; level gpu = 8 via wire }
plan p for m on box { mesh tp = 8; pad embed, hidden; shard embed, hidden over tp }
"""


def assert_same(found: Trace, expected: Trace) -> None:
    for moment, blocks in found.values.items():
        np.testing.assert_array_equal(blocks, expected.values[moment], err_msg=str(moment))


@pytest.mark.parametrize(
    "text",
    [program(TWO_LEVEL), program(SEQUENCE), program(LOCAL), causal("mesh cp = 8\n shard seq, key over cp"), PADDED],
)  # fmt: skip
def test_every_legal_order_gives_the_same_blocks(text: str) -> None:
    spmd, supply = small(compile_text(text))
    tasks = schedule(localize(spmd))
    first = run_tasks(tasks, supply, ORDERS[0](tasks))

    for order in ORDERS[1:]:
        assert_same(run_tasks(tasks, supply, order(tasks)), first)
    placed = run_spmd(spmd, supply)
    for moment, blocks in first.values.items():
        np.testing.assert_allclose(blocks, placed.values[moment], rtol=1e-12, atol=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_drawn_programs_compute_the_same_in_every_order(seed: int) -> None:
    compiled = compiled_or_refused(drawn_from(seed))
    if compiled is None:
        return
    spmd, supply = small(compiled)
    if excess([spmd]):
        return
    tasks = schedule(localize(spmd))
    first = run_tasks(tasks, supply, ORDERS[0](tasks))

    assert_same(run_tasks(tasks, supply, shuffled(tasks, seed)), first)
    assert_same(run_tasks(tasks, supply, last_first(tasks)), first)
    assert_same(run_tasks(tasks, supply, ahead(tasks, 0)), first)
    placed = run_spmd(spmd, supply)
    for moment, blocks in first.values.items():
        np.testing.assert_allclose(blocks, placed.values[moment], rtol=1e-9, atol=1e-9)


def test_one_gpu_can_run_far_ahead_of_the_others() -> None:
    spmd, _ = small(compile_text(program("mesh tp = 16\n shard batch over tp")))
    tasks = schedule(localize(spmd))
    order = ahead(tasks, 5)

    mine = {task.id for task in tasks.of_gpu(5)}
    assert set(order[: len(mine)]) == mine


def test_a_task_before_what_it_reads_is_refused() -> None:
    spmd, supply = small(compile_text(program(TWO_LEVEL)))
    tasks = schedule(localize(spmd))

    with pytest.raises(ExecutionError):
        run_tasks(tasks, supply, range(tasks.tasks - 1, -1, -1))


def test_a_missing_edge_is_found() -> None:
    spmd, supply = small(compile_text(program(TWO_LEVEL)))
    tasks = schedule(localize(spmd))
    reader = next(t for t in range(tasks.tasks - 1, 0, -1) if tasks.start[t + 1] > tasks.start[t])
    start = tasks.start.copy()
    start[reader + 1 :] -= 1
    cut = np.delete(tasks.after, tasks.start[reader])
    operand = np.delete(tasks.operand, tasks.start[reader])
    broken = attrs.evolve(tasks, start=start, after=cut, operand=operand)

    with pytest.raises(ExecutionError, match="no edge brings"):
        run_tasks(broken, supply, range(tasks.tasks))
