"""What every operator means: one NumPy function per row of the operator table.

A meaning works on *local blocks* (see ``site``).  A reduction on blocks gives a partial result, so a
mean divides by the global size.  Arithmetic is that of the real numbers (float64) or of whole
numbers (int64); a dtype says how a value is stored, not what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np

from helixc.diagnostics import CompilerBug
from helixc.interp import functions, picking, routing
from helixc.interp.kernel import kernel_meaning
from helixc.interp.recurrence import scan
from helixc.interp.rotation import rotate
from helixc.interp.site import (
    Array,
    Site,
    align,
    as_is,
    as_number,
    axes_of,
    merged,
    product_size,
    real_number,
    unmerged,
)
from helixc.ir.ops import OPS, Cast, Cut, Filled, Joined, Norm, Position, Renamed, Rolled
from helixc.ir.tensor import FLOATING

Operands = tuple[Array, ...]
Meaning = Callable[[Site, Operands], Array]


def _elementwise(function: Callable[..., Array]) -> Meaning:
    def meaning(site: Site, operands: Operands) -> Array:
        aligned = [
            align(as_number(array), dims, site.dims)
            for array, dims in zip(operands, site.operands, strict=True)
        ]
        return function(*aligned)

    return meaning


def _logical(function: Callable[..., Array]) -> Meaning:
    return _elementwise(lambda *arrays: function(*(array != 0 for array in arrays)))


def _where(condition: Array, yes: Array, no: Array) -> Array:
    return np.where(condition != 0, yes, no)


def _matmul(site: Site, operands: Operands) -> Array:
    left_dims, right_dims = site.operands
    over = site.over
    batch = tuple(d for d in left_dims if d in right_dims and d not in over)
    rows = tuple(d for d in left_dims if d not in right_dims)
    columns = tuple(d for d in right_dims if d not in left_dims)
    left = align(as_number(operands[0]), left_dims, batch + rows + over)
    right = align(as_number(operands[1]), right_dims, batch + over + columns)
    product = np.matmul(_folded(left, len(batch), len(rows)), _folded(right, len(batch), len(over)))
    lanes = max(left.shape[0], right.shape[0])
    shape = left.shape[1 : 1 + len(batch) + len(rows)] + right.shape[1 + len(batch) + len(over) :]
    return align(product.reshape(lanes, *shape), batch + rows + columns, site.dims)


def _folded(array: Array, batch: int, rows: int) -> Array:
    """The array with four axes: lanes, all batch axes, all row axes, all others."""
    shape, middle = array.shape, 1 + batch
    return array.reshape(
        shape[0],
        _product(shape[1:middle]),
        _product(shape[middle : middle + rows]),
        _product(shape[middle + rows :]),
    )


def _product(sizes: tuple[int, ...]) -> int:
    count = 1
    for size in sizes:
        count *= size
    return count


def _reduction(function: Callable[..., Array]) -> Meaning:
    def meaning(site: Site, operands: Operands) -> Array:
        (dims,) = site.operands
        reduced = function(as_number(operands[0]), axis=axes_of(dims, site.over))
        return align(reduced, tuple(d for d in dims if d not in site.over), site.dims)

    return meaning


def _truth_reduction(function: Callable[..., Array]) -> Meaning:
    reduce = _reduction(function)
    return lambda site, operands: reduce(site, (operands[0] != 0,)) != 0


_sum = _reduction(cast("Callable[..., Array]", np.sum))


def _mean(site: Site, operands: Operands) -> Array:
    return _sum(site, operands) / product_size(site.sizes, site.over)


def _normalisation(function: Callable[[Array, tuple[int, ...], float], Array]) -> Meaning:
    def meaning(site: Site, operands: Operands) -> Array:
        (dims,) = site.operands
        eps = site.params.eps if isinstance(site.params, Norm) else 0.0
        result = function(as_number(operands[0]), axes_of(dims, site.over), eps)
        return align(result, dims, site.dims)

    return meaning


def _softmax(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    del eps
    powers = np.exp(x - x.max(axis=axes, keepdims=True))
    return powers / powers.sum(axis=axes, keepdims=True)


def _log_softmax(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    del eps
    shifted = x - x.max(axis=axes, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axes, keepdims=True))


def _layer_norm(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    return _rms_norm(x - x.mean(axis=axes, keepdims=True), axes, eps)


def _rms_norm(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    return x / np.sqrt(np.square(x).mean(axis=axes, keepdims=True) + eps)


def _keep(site: Site, operands: Operands) -> Array:
    return align(operands[0], site.operands[0], site.dims)


def _rename(site: Site, operands: Operands) -> Array:
    target = dict(cast("Renamed", site.params).pairs)
    renamed = tuple(target.get(dim, dim) for dim in site.operands[0])
    return align(operands[0], renamed, site.dims)


def _concat(site: Site, operands: Operands) -> Array:
    params = cast("Joined", site.params)
    others = tuple(dim for dim in site.dims if dim not in params.dims)
    parts = [
        merged(array, dims, others, part)
        for array, dims, (part, _) in zip(operands, site.operands, params.parts, strict=True)
    ]
    common = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
    full = [np.broadcast_to(part, (*common, part.shape[-1])) for part in parts]
    return unmerged(site, np.concatenate(full, axis=-1), others, params.dims)


def _split(site: Site, operands: Operands) -> Array:
    params = cast("Cut", site.params)
    (dims,) = site.operands
    others = tuple(dim for dim in dims if dim not in params.source)
    whole = merged(operands[0], dims, others, params.source)
    end = params.start + product_size(site.sizes, params.dims)
    return unmerged(site, whole[..., params.start : end], others, params.dims)


def _index(site: Site, operands: Operands) -> Array:
    del operands
    dims = cast("Position", site.params).dims
    return align(picking.places_of(site, dims), dims, site.dims)


def _cast(site: Site, operands: Operands) -> Array:
    dtype = cast("Cast", site.params).dtype
    array = align(operands[0], site.operands[0], site.dims)
    if dtype == "bool":
        return array != 0
    if dtype in FLOATING:
        return array.astype(np.float64)
    return array.astype(np.int64)


def _fill(site: Site, operands: Operands) -> Array:
    del operands
    value = cast("Filled", site.params).value
    nothing = [align(0 * site.positions(dim), (dim,), site.dims) for dim in site.dims]
    return sum(nothing, np.full(1, value))


def _roll(site: Site, operands: Operands) -> Array:
    """Elements move on round the whole dimension; a block stays, and its place is in the layout."""
    (dims,), (dim,), (array,) = site.operands, site.over, operands
    axis = dims.index(dim) + 1
    if array.shape[axis] == site.sizes[dim] and isinstance(site.params, Rolled):
        array = np.roll(array, site.params.by, axis)
    return align(array, dims, site.dims)


def _source(site: Site, operands: Operands) -> Array:
    del site, operands
    raise CompilerBug("a source has no operands: the runner is to supply its value")


def _table() -> Mapping[str, Meaning]:
    unary: dict[str, Callable[..., Array]] = {
        "neg": np.negative, "sqrt": np.sqrt, "rsqrt": functions.rsqrt, "exp": np.exp,
        "log": np.log, "tanh": np.tanh, "sigmoid": functions.sigmoid, "gelu": functions.gelu,
        "gelu_tanh": functions.gelu_tanh, "silu": functions.silu, "relu": functions.relu,
        "softplus": functions.softplus, "sin": np.sin, "cos": np.cos, "abs": np.abs,
        "floor": np.floor, "ceil": np.ceil,
    }  # fmt: skip
    binary: dict[str, Callable[..., Array]] = {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "outer": np.multiply,
        "div": np.true_divide, "mod": np.mod, "pow": functions.power, "minimum": np.minimum,
        "maximum": np.maximum, "eq": np.equal, "ne": np.not_equal, "lt": np.less,
        "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "where": _where,
    }  # fmt: skip
    truths: dict[str, Callable[..., Array]] = {
        "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
    }  # fmt: skip
    simple: dict[str, Meaning] = {
        **{kind: _elementwise(function) for kind, function in {**unary, **binary}.items()},
        **{kind: _logical(function) for kind, function in truths.items()},
        "input": _source, "weight": _source, "frozen": _source, "state": _source, "index": _index,
        "fill": _fill,
        "matmul": _matmul, "sum": _sum, "mean": _mean,
        "max": _reduction(cast("Callable[..., Array]", np.max)),
        "min": _reduction(cast("Callable[..., Array]", np.min)),
        "any": _truth_reduction(cast("Callable[..., Array]", np.max)),
        "all": _truth_reduction(cast("Callable[..., Array]", np.min)),
        "softmax": _normalisation(_softmax), "log_softmax": _normalisation(_log_softmax),
        "layer_norm": _normalisation(_layer_norm), "rms_norm": _normalisation(_rms_norm),
        "rename": _rename, "roll": _roll, "concat": _concat, "split": _split, "cast": _cast,
        "take": picking.take, "top_k": picking.top_k, "rotate": rotate,
        "shift": picking.shift, "scan": scan,
        "append": picking.put_in, "keep": _keep,
        "dispatch": routing.dispatch, "combine": routing.combine,
    }  # fmt: skip
    return {**simple, "kernel": kernel_meaning(simple, real_number, as_is)}


def check_complete(table: Mapping[str, object], what: str) -> None:
    """Raise ``CompilerBug`` unless a table has exactly one entry per operator."""
    missing = sorted(set(OPS) - set(table))
    unknown = sorted(set(table) - set(OPS))
    if missing or unknown:
        raise CompilerBug(f"operators without {what}: {missing}; {what} of no operator: {unknown}")


MEANINGS: Mapping[str, Meaning] = _table()
check_complete(MEANINGS, "a meaning")
