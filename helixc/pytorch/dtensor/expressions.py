"""Operators as expressions of PyTorch on whole tensors, which DTensor runs without moving data.

Most are those of local blocks, at the whole sizes.  For the others stands here how they are written, and for
some that DTensor moves data, or does not know them; the reasons name what would have to be otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import attrs

from helixc.ir.layout import WHOLE
from helixc.ir.ops import OPS, Cut
from helixc.ir.tensor import TensorType
from helixc.pytorch.operand import Operand, Use, permuted
from helixc.pytorch.operators import TORCH, Expression, matmul

# Dimensions of a table whose rows DTensor can split.
_MATRIX = 2
# Why DTensor would move data for an operator whose work is split so; "" where it does not.
Obstacle = Callable[[Use], str]


def _matmul(use: Use) -> str:
    """A contraction of blocks: einsum merges dimensions, which DTensor does not follow where several are split."""
    return matmul(use, "contract")


def _take(use: Use) -> str:
    """Rows that an index picks; where they are split, DTensor masks them in ``embedding`` alone."""
    table, index = use.operands
    over = use.op.over[0]
    kept = tuple(dim for dim in table.dims if dim != over)
    if index.is_number:
        picked = f"{table.text}.select({table.dims.index(over)}, {index.text})"
        return permuted(Operand(picked, TensorType("", kept)), use.dims)
    rows = permuted(table, (over, *kept))
    name = "embedding" if use.layout.atoms_of(over) else "take"
    text = f"{name}({rows}, {index.text})"
    return permuted(Operand(text, TensorType("", (*index.dims, *kept))), use.dims)


def _why_no_take(use: Use) -> str:
    table, index = use.operands
    over, *others = use.op.over
    if others:
        return f"it picks along a product, {' * '.join(use.op.over)}"
    if any(dim in table.dims for dim in index.dims):
        return "each place of the index picks from rows of its own"
    if use.layout.atoms_of(over) and (index.is_number or len(table.dims) != _MATRIX):
        return f"it picks along {over}, which is split"
    if len(use.layout.atoms_of(over)) > 1:
        return f"it picks along {over}, which is split over several axes"
    return ""


def _append(use: Use) -> str:
    """What is filled up to where the new entries begin, they, and the rest."""
    params, (into, new) = cast("Cut", use.op.params), use.operands
    source, axis = params.source[0], into.dims.index(params.source[0])
    entries = tuple(params.dims[0] if dim == source else dim for dim in into.dims)
    end = params.start + use.sizes[params.dims[0]]
    parts = [
        f"{into.text}.narrow({axis}, 0, {params.start})",
        permuted(new, entries),
        f"{into.text}.narrow({axis}, {end}, {use.sizes[source] - end})",
    ]
    empty = (params.start == 0, False, end == use.sizes[source])
    kept = [part for part, is_empty in zip(parts, empty, strict=True) if not is_empty]
    text = f"torch.cat([{', '.join(kept)}], {axis})" if len(kept) > 1 else kept[0]
    return permuted(Operand(text, into.type), use.dims)


def _why_no_append(use: Use) -> str:
    params = cast("Cut", use.op.params)
    source, *others = params.source
    if others or len(params.dims) != 1:
        return f"it fills a product, {' * '.join(params.source)}"
    return f"it fills {source}, which is split" if use.layout.atoms_of(source) else ""


def _why_no_truth(use: Use) -> str:
    split = [dim for dim in use.op.over if use.layout.atoms_of(dim)]
    return f"it runs over {split[0]}, which is split, and DTensor gathers for that" if split else ""


def _unknown(_: Use) -> str:
    return "DTensor has no such operator"


def whole_text(use: Use) -> str:
    """An operator as an expression on whole tensors."""
    own = _OWN.get(use.op.kind)
    return TORCH[use.op.kind](attrs.evolve(use, layout=WHOLE)) if own is None else own(use)


_OWN: Mapping[str, Expression] = {"matmul": _matmul, "take": _take, "append": _append}

OBSTACLES: Mapping[str, Obstacle] = {
    "take": _why_no_take,
    "append": _why_no_append,
    "any": _why_no_truth,
    "all": _why_no_truth,
    "shift": _unknown,
    "dispatch": _unknown,
    "combine": _unknown,
}


def makes_tensors(kind: str) -> bool:
    """Whether the operator makes its result from no tensor at all: everywhere the same, nowhere split."""
    return OPS[kind].work == "free" and OPS[kind].arity == 0
