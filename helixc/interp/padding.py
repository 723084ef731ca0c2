"""The sizes of padded dimensions in a smaller instance: what the model has, and what a version fills up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from helixc.interp.constants import Changes
from helixc.interp.site import product_size
from helixc.ir.ops import Number, Op, Position
from helixc.ir.tensor import Dim, real_sizes

Sizes = Mapping[str, int]


def small_real(dims: Sequence[Dim], sizes: Sizes) -> dict[str, int]:
    """How long padded dimensions are in the model, where versions have these sizes.

    As much padding as there is, if anything else then remains.
    """
    filled = {dim.name: dim.size for dim in dims if dim.real is not None}
    return {
        dim: max(sizes[dim] - (filled[dim] - real), min(sizes[dim], 1))
        for dim, real in real_sizes(dims).items()
    }


def counts_of_padded(ops: Iterable[Op], full: Sizes, small: Sizes) -> Changes:
    """The sizes that operators of a padded program have among their operands, and the small ones.

    They tell what is padding, and by how many elements a mean divides; ``full`` and ``small`` are the
    sizes that dimensions have in the model.
    """
    found: Changes = {}
    known: dict[str, Op] = {}
    for op in ops:
        maker = known.get(op.reads[0]) if len(op.reads) == 1 else None
        known[op.result] = op
        number = op.operands[-1] if op.operands else None
        if maker is None or not isinstance(number, Number):
            continue
        dims = ()
        if op.kind == "lt" and isinstance(maker.params, Position):
            dims = maker.params.dims
        elif op.kind == "div" and maker.kind == "sum":
            dims = maker.over
        if dims and number.value == product_size(full, dims):
            found[op.result] = {1: (number.value, float(product_size(small, dims)))}
    return found
