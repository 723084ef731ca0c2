"""The order in which weights are to be stored: a plain slice of it is what each GPU holds."""

from __future__ import annotations

import json
from itertools import product
from math import prod

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import text_of

from helixc.analysis.storage import StoredFactor, StoredOrder, order_text, stored_orders
from helixc.compiler import Compilation, compile_text
from helixc.emit.report_json import report_json, report_schema
from helixc.emit.report_markdown import report_markdown
from helixc.interp.data import Data
from helixc.interp.spmd import run_spmd

MODEL = """
  dim batch = 2, seq = 4, embed = 8, head = 4, head_dim = 16
  input x: bf16[batch, seq, embed]
  output y = block(x)
"""
BLOCK = """
layer block(x: [.., seq, embed]) -> [.., seq, embed] {{
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  q = {rope}(matmul(x, wq, over embed), over head_dim)
  k = rename({rope}(matmul(x, wk, over embed), over head_dim), seq -> key)
  v = matmul(rename(x, seq -> key), wv, over embed)
  return matmul(attend(q, k, v, over head_dim), wo, over head, head_dim)
}}
"""
WEIGHTS = ("wq", "wk", "wv", "wo")


def compiled(plan: str, rope: str = "rope", gpus: int = 8) -> Compilation:
    return compile_text(text_of(MODEL, plan, gpus=gpus, rest=BLOCK.format(rope=rope)))


def stored(compilation: Compilation) -> StoredOrder:
    (order,) = stored_orders(compilation.spmd)
    return order


PLANS = [
    ("mesh n = 2, m = 4\n in block { shard head over n; shard head_dim over m }", 8),
    ("mesh m = 8\n in block { shard head_dim over m }", 8),
    ("mesh m = 2\n in block { shard head_dim over m }", 2),
]


@pytest.mark.parametrize(("plan", "gpus"), PLANS)
def test_permuted_and_sliced_plainly_a_weight_is_what_each_gpu_holds(plan: str, gpus: int) -> None:
    compilation = compiled(plan, gpus=gpus)
    spmd, order = compilation.spmd, stored(compilation)
    assert order.weights == tuple(f"block.{name}" for name in WEIGHTS)
    supply = Data(compilation.partitioned, 0)
    blocks = run_spmd(spmd, supply).values

    for name in WEIGHTS:
        dims = spmd.types[name].dims
        at = dims.index("half")
        layout = spmd.layouts[name]
        drawn = supply(compilation.partitioned.makers[name], ())
        # The two factors as the one dimension that a checkpoint has.
        merged = (*drawn.shape[:at], -1, *drawn.shape[at + 2 :])
        checkpoint = np.take(drawn.reshape(merged), order.order, axis=at)
        names = [*dims[:at], ("half", "pair"), *dims[at + 2 :]]
        held = blocks[name, ()]
        for gpu in range(spmd.mesh.devices):
            part = checkpoint
            for axis, own in enumerate(names):
                leaves = own if isinstance(own, tuple) else (own,)
                atoms = tuple(atom for leaf in leaves for atom in layout.atoms_of(leaf))
                parts = np.split(part, spmd.mesh.ways(atoms), axis)
                part = parts[spmd.mesh.rank(gpu, atoms)]
            assert np.array_equal(part, held[gpu].reshape(part.shape))


def test_pairs_that_are_neighbours_need_no_other_order() -> None:
    plan, gpus = PLANS[0]

    assert stored_orders(compiled(plan, "rope_interleaved", gpus).spmd) == ()


def test_a_dimension_that_is_whole_or_split_alone_needs_no_other_order() -> None:
    plan = "mesh n = 4\n in block { shard head over n }"

    assert stored_orders(compiled(plan, gpus=4).spmd) == ()


def test_reports_have_the_order() -> None:
    report = compiled(*[PLANS[0][0]]).report
    found = json.loads(report_json(report))

    jsonschema.validate(found, report_schema())
    (row,) = found["storage"]
    assert (row["dimension"], row["axes"]) == ("head_dim", ["m"])
    assert row["factors"] == [
        {"name": "half", "size": 2, "blocks": 1},
        {"name": "pair", "size": 8, "blocks": 4},
    ]
    assert row["order"] == [0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15]
    text = report_markdown(report)
    assert "`half` 2 x `pair` 8 in 4 blocks" in text
    assert "0-1, 8-9; 2-3, 10-11; 4-5, 12-13; 6-7, 14-15" in text


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(1, 3)).map(lambda p: (p[0] * p[1], p[0])),
        min_size=1,
        max_size=4,
    )
)
def test_every_order_is_a_permutation_that_plain_slices_undo(sizes: list[tuple[int, int]]) -> None:
    factors = tuple(
        StoredFactor(name=f"f{i}", size=size, blocks=blocks)
        for i, (size, blocks) in enumerate(sizes)
    )
    order = StoredOrder(weights=("w",), dimension="d", factors=factors, axes=())
    shape = tuple(size for size, _ in sizes)
    original = np.arange(prod(shape))

    assert sorted(order.order) == original.tolist()
    assert order.is_plain == (list(order.order) == original.tolist())
    pieces = np.split(original[list(order.order)], prod(blocks for _, blocks in sizes))
    for at, block in enumerate(product(*(range(blocks) for _, blocks in sizes))):
        cut = original.reshape(shape)
        for axis, ((_, blocks), own) in enumerate(zip(sizes, block, strict=True)):
            cut = np.split(cut, blocks, axis)[own]
        assert pieces[at].tolist() == cut.ravel().tolist()
    assert order_text(order).count(";") == len(pieces) - 1
