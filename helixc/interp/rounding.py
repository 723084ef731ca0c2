"""How far one operator's result, computed in double precision, may be from the exact one.

These are the bounds of standard error analysis, element by element, for exact operands: n additions
in any order are off by at most n u times the sum of magnitudes (u = 2**-53), so one bound serves the
whole model and its parts added up over GPUs.  Terms of order u squared are covered by the constants,
each of which counts roundings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from helixc.diagnostics import CompilerBug
from helixc.interp.meaning import MEANINGS, Operands, check_complete
from helixc.interp.recurrence import scan_rounding
from helixc.interp.rotation import rotation_rounding
from helixc.interp.site import Array, Site, align, as_number, axes_of, product_size
from helixc.ir.ops import Norm

UNIT = 2.0**-53
# Roundings charged for one call of a library function: NumPy's are documented to be within 4 ulp,
# an ulp is two units, and compositions such as gelu call up to two and do five operations more.
FUNCTION = 24
# The least positive number: what underflow may lose.
TINY = 2.0**-1022

# (site, operands, result) -> bound of the same shape as the result, or 0.0 if nothing is rounded.
Rounding = Callable[[Site, Operands, Array], "Array | float"]


def _exact(site: Site, operands: Operands, result: Array) -> float:
    del site, operands, result
    return 0.0


def _rounded(count: int) -> Rounding:
    def bound(site: Site, operands: Operands, result: Array) -> Array | float:
        del site, operands
        whole = np.issubdtype(result.dtype, np.integer)
        return 0.0 if whole else np.abs(result) * (count * UNIT) + TINY

    return bound


def _contraction(kind: str) -> Rounding:
    """A sum of products: one rounding per term and per product, of the sum of magnitudes."""
    meaning = MEANINGS[kind]

    def bound(site: Site, operands: Operands, result: Array) -> Array:
        del result
        terms = product_size(site.sizes, site.over) + 2
        return meaning(site, tuple(np.abs(as_number(o)) for o in operands)) * (terms * UNIT) + TINY

    return bound


def _trigonometric(site: Site, operands: Operands, result: Array) -> Array:
    # The argument is reduced before the function is evaluated, which costs roundings of 1.
    del site, operands
    return np.full(result.shape, FUNCTION * UNIT)


def _gelu(site: Site, operands: Operands, result: Array) -> Array:
    # 1 + erf(x) cancels for negative x: what is lost is relative to x, not to the result.
    del result
    return np.abs(align(operands[0], site.operands[0], site.dims)) * (FUNCTION * UNIT) + TINY


def _softplus(site: Site, operands: Operands, result: Array) -> Array:
    return _gelu(site, operands, result) + np.abs(result) * (FUNCTION * UNIT)


def _power(site: Site, operands: Operands, result: Array) -> Array:
    base, exponent = (align(a, d, site.dims) for a, d in zip(operands, site.operands, strict=True))
    log = np.abs(np.log(np.abs(base) + TINY) * exponent)
    return np.abs(result) * ((FUNCTION + log) * UNIT) + TINY


def _softmax(site: Site, operands: Operands, result: Array) -> Array:
    relative, weights = _powers(site, operands)
    return _in_order(site, _times(weights, relative)) + np.abs(result) * 4 * UNIT + TINY


def _log_softmax(site: Site, operands: Operands, result: Array) -> Array:
    relative, _ = _powers(site, operands)
    return _in_order(site, relative) + np.abs(result) * 4 * UNIT


def _powers(site: Site, operands: Operands) -> tuple[Array, Array]:
    """Relative error of exp(x - max) over its sum, and that quotient, axes as in the operand."""
    x, axes = as_number(operands[0]), axes_of(site.operands[0], site.over)
    shifted = x - x.max(axis=axes, keepdims=True)
    powers = np.exp(shifted)
    weights = powers / powers.sum(axis=axes, keepdims=True)
    single = np.abs(shifted) * UNIT + FUNCTION * UNIT
    terms = product_size(site.sizes, site.over) + 2
    total = _times(weights, single).sum(axis=axes, keepdims=True) + terms * UNIT
    return single + total, weights


def _times(weight: Array, factor: Array) -> Array:
    """The product in which a weight of 0 wins over an infinite factor."""
    return np.where(weight == 0, 0.0, weight * factor)


def _in_order(site: Site, array: Array) -> Array:
    return align(array, site.operands[0], site.dims)


def _layer_norm(site: Site, operands: Operands, result: Array) -> Array:
    x, axes = as_number(operands[0]), axes_of(site.operands[0], site.over)
    terms = product_size(site.sizes, site.over) + 2
    centred = x - x.mean(axis=axes, keepdims=True)
    shift = np.abs(x).mean(axis=axes, keepdims=True) * (terms * UNIT)
    lost = shift + np.abs(centred) * UNIT
    return _normalised(site, centred, lost, result)


def _rms_norm(site: Site, operands: Operands, result: Array) -> Array:
    x = as_number(operands[0])
    return _normalised(site, x, np.zeros_like(x, dtype=np.float64), result)


def _normalised(site: Site, centred: Array, lost: Array, result: Array) -> Array:
    """Bound for centred / sqrt(mean(centred ** 2) + eps) where ``lost`` bounds the error of centred."""
    axes = axes_of(site.operands[0], site.over)
    terms = product_size(site.sizes, site.over) + 2
    eps = site.params.eps if isinstance(site.params, Norm) else 0.0
    squares = np.square(centred)
    mean = squares.mean(axis=axes, keepdims=True)
    error = (2 * np.abs(centred) * lost + squares * (terms * UNIT)).mean(axis=axes, keepdims=True)
    relative = 0.5 * error / (mean + eps) + FUNCTION * UNIT
    bound = lost / np.sqrt(mean + eps)
    return _in_order(site, bound) + np.abs(result) * _in_order(site, relative) + TINY


def _rotate(site: Site, operands: Operands, result: Array) -> Array:
    del result
    return rotation_rounding(site, operands, UNIT) + TINY


def _scan(site: Site, operands: Operands, result: Array) -> Array:
    return scan_rounding(site, operands, result, UNIT) + TINY


def _kernel(site: Site, operands: Operands, result: Array) -> float:
    del site, operands, result
    raise CompilerBug("the members of a kernel are what is bounded, each by its own rule")


def _table() -> Mapping[str, Rounding]:
    exact = (
        "input", "weight", "frozen", "state", "index", "fill", "rename", "roll", "concat", "split", "take", "top_k", "cast",
        "neg", "abs", "relu", "floor", "ceil", "max", "min", "any", "all", "minimum", "maximum", "where", "eq",
        "append", "keep", "shift", "dispatch", "combine",
        "ne", "lt", "le", "gt", "ge", "and", "or", "not",
    )  # fmt: skip
    once = ("add", "sub", "mul", "outer", "div", "mod")
    functions = ("sqrt", "rsqrt", "exp", "log", "tanh", "sigmoid", "silu")
    return {
        **dict.fromkeys(exact, _exact),
        **dict.fromkeys(once, _rounded(2)),
        **dict.fromkeys(functions, _rounded(FUNCTION)),
        **{kind: _contraction(kind) for kind in ("matmul", "sum", "mean")},
        "sin": _trigonometric, "cos": _trigonometric, "gelu": _gelu, "gelu_tanh": _gelu,
        "softplus": _softplus, "pow": _power, "softmax": _softmax, "log_softmax": _log_softmax,
        "layer_norm": _layer_norm, "rms_norm": _rms_norm, "rotate": _rotate, "scan": _scan,
        "kernel": _kernel,
    }  # fmt: skip


ROUNDINGS: Mapping[str, Rounding] = _table()
check_complete(ROUNDINGS, "a rounding bound")
