"""Random statements that one kernel can do: a chain with one name, whose parts nobody else can read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Dims = tuple[str, ...]


def attention(body: Any, value: str, dims: Dims, most: int) -> tuple[str, Dims] | None:
    """Two products around a softmax, perhaps behind a causal mask; keys are a copy of the value."""
    named = body.seen(dims)
    if len(named) < 2 or len(dims) >= most:
        return None
    seq, depth = body.writer.some(named, 2, 2)
    copied = body.renamed(value, dims, seq)
    if copied is None:
        return None
    keys, key = copied
    scores = f"matmul({value}, {keys}, over {depth}) / 3"
    if body.writer.chance(2):
        scores = f"where(index({key}) <= index({seq}), {scores}, -1e30)"
    return f"matmul(softmax({scores}, over {key}), {keys}, over {key})", dims


def epilogue(body: Any, value: str, dims: Dims, most: int) -> tuple[str, Dims] | None:
    """A product, a bias and a function, or a product that is only scaled: that may stay a partial sum."""
    del most
    over = body.writer.some(body.seen(dims), 2)
    kept = tuple(dim for dim in dims if dim not in over)
    new = body.writer.some(body.unused(dims), 1, 1)
    if not over or not new:
        return None
    product = f"matmul({value}, {body.weight(over + new)}, over {', '.join(over)})"
    if body.writer.chance(2):
        return f"-{product} * 2 / 3", kept + new
    return f"gelu({product} + {body.weight(new)})", kept + new


def chain(body: Any, value: str, dims: Dims, most: int) -> tuple[str, Dims] | None:
    """Elementwise operators around a reduction or a norm."""
    del most
    over = body.writer.some(body.seen(dims), 1)
    if not over:
        return None
    forms = [
        "tanh({0}) * 2 - mean({0} * {0}, over {1})",
        "{0} * sigmoid(rms_norm({0} / 2, over {1}))",
        "softmax(tanh({0}) + sin(index({1})), over {1}) * {0}",
        "sum(relu({0}) * 2, over {1}) / 5",
    ]
    form = body.pick(forms)
    kept = tuple(dim for dim in dims if dim not in over) if form.startswith("sum") else dims
    return form.format(value, over[0]), kept


KERNELS: tuple[Callable[[Any, str, Dims, int], tuple[str, Dims] | None], ...] = (
    attention, epilogue, chain,
)  # fmt: skip
