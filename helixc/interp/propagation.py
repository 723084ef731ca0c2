"""How far one operator's result moves when its operands are off by given amounts.

To first order, element by element.  Where a result jumps (a comparison, a floor) and the operands are
uncertain enough to cross the step, the bound is infinite: either side is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from helixc.diagnostics import CompilerBug
from helixc.interp import picking, routing
from helixc.interp.meaning import MEANINGS, Operands, check_complete
from helixc.interp.recurrence import scan_error
from helixc.interp.rotation import rotation_error
from helixc.interp.rounding import TINY
from helixc.interp.site import Array, Site, align, as_number, axes_of
from helixc.ir.ops import Norm

# (site, operands, their errors, result) -> error of the result, all arrays of matching shapes.
Propagation = Callable[[Site, Operands, Operands, Array], Array]


def _aligned(site: Site, arrays: Operands) -> list[Array]:
    return [
        align(as_number(array), dims, site.dims)
        for array, dims in zip(arrays, site.operands, strict=True)
    ]


def _fixed(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    del site, operands, errors
    return np.zeros(result.shape)


def _moved(kind: str) -> Propagation:
    """The operator puts elements elsewhere, and their errors with them."""

    def spread(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
        del operands, result
        return MEANINGS[kind](site, errors)

    return spread


def _kept(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    """No more than the errors of the operands together."""
    del operands
    return np.broadcast_to(sum(_aligned(site, errors), np.zeros(1)), result.shape)


def _where(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    condition = _aligned(site, operands)[0] != 0
    doubt, yes, no = _aligned(site, errors)
    return np.broadcast_to(np.where(doubt > 0, np.inf, np.where(condition, yes, no)), result.shape)


def _placed(kind: str) -> Propagation:
    """The second operand says where elements come from: none of them is sure where it is not."""

    def spread(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
        moved = MEANINGS[kind](site, (errors[0], operands[1]))
        doubt = align(errors[1], site.operands[1], site.dims)
        return np.broadcast_to(np.where(doubt > 0, np.inf, moved), result.shape)

    return spread


def _top_k(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    return np.where(picking.undecided(site, operands, errors, result), np.inf, 0.0)


def _routed(kind: str) -> Propagation:
    def spread(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
        moved = MEANINGS[kind](site, (errors[0], operands[1]))
        doubt = routing.undecided(site, errors)
        return np.broadcast_to(np.where(doubt, np.inf, moved), result.shape)

    return spread


def _product(kind: str) -> Propagation:
    def spread(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
        del result
        left, right = (np.abs(as_number(o)) for o in operands)
        meaning = MEANINGS[kind]
        return meaning(site, (left, errors[1])) + meaning(site, (errors[0], right + errors[1]))

    return spread


def _quotient(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    top, bottom = _aligned(site, errors)
    denominator = np.abs(_aligned(site, operands)[1])
    sure = denominator > 2 * bottom
    spread = (top + np.abs(result) * bottom) / np.where(sure, denominator - bottom, 1.0)
    return np.where(sure | ((top == 0) & (bottom == 0)), spread, np.inf)


def _remainder(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    top, bottom = _aligned(site, errors)
    x, y = _aligned(site, operands)
    moved = top + np.abs(np.floor_divide(x, y)) * bottom
    near = np.minimum(np.abs(result), np.abs(y) - np.abs(result)) <= moved
    return np.where(near & (moved > 0), np.inf, moved)


def _power(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    base_error, exponent_error = _aligned(site, errors)
    base, exponent = _aligned(site, operands)
    magnitude = np.abs(base) + TINY
    by_base = np.where(base_error > 0, np.abs(exponent) * base_error / magnitude, 0.0)
    by_exponent = np.where(exponent_error > 0, np.abs(np.log(magnitude)) * exponent_error, 0.0)
    return np.abs(result) * (by_base + by_exponent)


def _comparison(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    left, right = _aligned(site, operands)
    total = _kept(site, operands, errors, result)
    near = np.abs(np.subtract(left, right, dtype=np.float64)) <= total
    return np.where((total > 0) & near, np.inf, 0.0)


def _step(function: Callable[[Array], Array]) -> Propagation:
    def spread(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
        del result
        (x,), (error,) = _aligned(site, operands), _aligned(site, errors)
        return np.where(function(x - error) == function(x + error), 0.0, np.inf)

    return spread


def _slope(slope: Callable[[Array, Array], Array]) -> Propagation:
    """A smooth function; ``slope(x, result)`` bounds its derivative's magnitude."""

    def spread(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
        (x,), (error,) = _aligned(site, operands), _aligned(site, errors)
        return np.where(error == 0, 0.0, error * slope(x, result))

    return spread


def _constant(slope: float) -> Callable[[Array, Array], Array]:
    return lambda x, result: np.full(np.broadcast(x, result).shape, slope)


def _slope_of_sqrt(x: Array, result: Array) -> Array:
    del x
    return 0.5 / result


def _slope_of_rsqrt(x: Array, result: Array) -> Array:
    return 0.5 * result / np.abs(x)


def _slope_of_exp(x: Array, result: Array) -> Array:
    del x
    return result


def _slope_of_log(x: Array, result: Array) -> Array:
    del result
    return 1.0 / np.abs(x)


def _extreme(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    """The largest or smallest moves no further than any of the elements."""
    del operands, result
    return MEANINGS["max"](site, errors)


def _cast(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    if result.dtype == np.float64:
        return _kept(site, operands, errors, result)
    truth = result.dtype == np.bool_
    return _step(_is_true if truth else np.trunc)(site, operands, errors, result)


def _is_true(x: Array) -> Array:
    return x != 0


def _softmax(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    total = _log_softmax(site, operands, errors, result)
    return np.where(result == 0, 0.0, result * total)


def _log_softmax(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    del result
    (x,), (error,) = _aligned(site, operands), _aligned(site, errors)
    axes = axes_of(site.dims, site.over)
    powers = np.exp(x - x.max(axis=axes, keepdims=True))
    weights = powers / powers.sum(axis=axes, keepdims=True)
    return error + (weights * error).sum(axis=axes, keepdims=True)


def _layer_norm(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    (x,), (error,) = _aligned(site, operands), _aligned(site, errors)
    axes = axes_of(site.dims, site.over)
    centred = x - x.mean(axis=axes, keepdims=True)
    moved = error + error.mean(axis=axes, keepdims=True)
    return _normalised(site, centred, moved, result)


def _rms_norm(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    (x,), (error,) = _aligned(site, operands), _aligned(site, errors)
    return _normalised(site, x, error, result)


def _normalised(site: Site, centred: Array, moved: Array, result: Array) -> Array:
    axes = axes_of(site.dims, site.over)
    eps = site.params.eps if isinstance(site.params, Norm) else 0.0
    mean = np.square(centred).mean(axis=axes, keepdims=True) + eps
    change = (np.abs(centred) * moved).mean(axis=axes, keepdims=True) / mean
    return moved / np.sqrt(mean) + np.abs(result) * change


def _rotate(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    return np.broadcast_to(rotation_error(site, operands, errors), result.shape)


def _kernel(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    del site, operands, errors, result
    raise CompilerBug("errors go through the members of a kernel, each by its own rule")


def _table() -> Mapping[str, Propagation]:
    sources = ("input", "weight", "frozen", "state", "index", "fill")
    moved = ("append", "keep", "rename", "roll", "concat", "split", "sum", "mean")
    kept = ("add", "sub", "minimum", "maximum", "neg", "abs", "relu", "and", "or", "not")
    # Bounds of the derivative's magnitude where one number serves everywhere, else as a function.
    steepest = {
        "tanh": 1.0, "sigmoid": 0.25, "gelu": 1.13, "gelu_tanh": 1.13, "silu": 1.1,
        "softplus": 1.0, "sin": 1.0, "cos": 1.0,
    }  # fmt: skip
    return {
        **dict.fromkeys(sources, _fixed),
        **{kind: _moved(kind) for kind in moved},
        **dict.fromkeys(kept, _kept),
        **{kind: _product(kind) for kind in ("matmul", "outer", "mul")},
        **{kind: _routed(kind) for kind in ("dispatch", "combine")},
        **dict.fromkeys(("max", "min", "any", "all"), _extreme),
        **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _comparison),
        **{kind: _slope(_constant(slope)) for kind, slope in steepest.items()},
        "sqrt": _slope(_slope_of_sqrt),
        "rsqrt": _slope(_slope_of_rsqrt),
        "exp": _slope(_slope_of_exp),
        "log": _slope(_slope_of_log),
        "floor": _step(np.floor), "ceil": _step(np.ceil),
        "cast": _cast, "where": _where, "div": _quotient, "mod": _remainder,
        "take": _placed("take"), "shift": _placed("shift"), "top_k": _top_k, "scan": scan_error,
         "pow": _power, "softmax": _softmax, "log_softmax": _log_softmax,
        "layer_norm": _layer_norm, "rms_norm": _rms_norm, "rotate": _rotate, "kernel": _kernel,
    }  # fmt: skip


PROPAGATIONS: Mapping[str, Propagation] = _table()
check_complete(PROPAGATIONS, "a propagation of errors")
