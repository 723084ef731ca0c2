"""What a kernel means: its members, one after the other, on the blocks that it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np

from helixc.interp.site import Array, Site, align
from helixc.ir.fused import Kernel, kernel_of
from helixc.ir.ops import Fused, Op
from helixc.ir.tensor import TensorType

_Meaning = Callable[[Site, tuple[Array, ...]], Array]


def kernel_meaning(
    meanings: Mapping[str, _Meaning],
    number: Callable[[float], Array],
    settle: Callable[[Array], Array],
) -> _Meaning:
    """The meaning of kernels whose members have these meanings; the rest as in a ``Domain``."""

    def meaning(site: Site, operands: tuple[Array, ...]) -> Array:
        fused = cast("Fused", site.params)
        # The dtype of an operand decides nothing here.
        kernel = kernel_of(fused, tuple(TensorType("f64", dims) for dims in site.operands))
        values = dict(zip(fused.inputs, operands, strict=True))
        for op in fused.body:
            found = (values[o] if isinstance(o, str) else number(o.value) for o in op.operands)
            values[op.result] = settle(meanings[op.kind](_inside(site, kernel, op), tuple(found)))
        last = fused.body[-1]
        return align(values[last.result], last.type.dims, site.dims)

    return meaning


def _inside(site: Site, kernel: Kernel, op: Op) -> Site:
    """Where a member runs, while the kernel runs at ``site``."""
    along = {factor.name: factor.result for factor in kernel.factors}

    def positions(dim: str) -> Array:
        owners = (value for value in (op.result, *op.reads) if dim in kernel.types[value].dims)
        outside = along[kernel.names[next(owners), dim]]
        # What the result does not have and positions run along is whole in the kernel.
        return np.arange(site.sizes[dim])[None] if outside is None else site.positions(outside)

    return Site(
        operands=tuple(type_.dims for type_ in kernel.operands(op)),
        dims=op.type.dims,
        over=op.over,
        params=op.params,
        sizes=site.sizes,
        positions=positions,
    )
