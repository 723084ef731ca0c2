"""Operators that move, join, pick or number elements, as expressions of PyTorch."""

from __future__ import annotations

from math import prod
from typing import cast

from helixc.ir.ops import Cut, Joined, Position, Renamed, Rolled
from helixc.ir.tensor import TensorType
from helixc.pytorch.moves import tuple_text
from helixc.pytorch.operand import (
    Dims,
    Operand,
    Use,
    aligned,
    dtype_text,
    merged,
    permuted,
    unmerged,
)


def rename(use: Use) -> str:
    """The same tensor: a name, not an axis, changes."""
    target = dict(cast("Renamed", use.op.params).pairs)
    (operand,) = use.operands
    renamed = tuple(target.get(dim, dim) for dim in operand.dims)
    return permuted(Operand(operand.text, TensorType(operand.type.dtype, renamed)), use.dims)


def concat(use: Use) -> str:
    """Operands end to end along a product of dimensions."""
    params = cast("Joined", use.op.params)
    others = tuple(dim for dim in use.dims if dim not in params.dims)
    parts: list[str] = []
    for operand, (part, size) in zip(use.operands, params.parts, strict=True):
        shape = ", ".join([*(str(use.local(dim)) for dim in others), str(size)])
        text = merged(operand, others, part)
        parts.append(f"{text}.to({dtype_text(use.op.type.dtype)}).expand({shape})")
    joined = unmerged(use, f"torch.cat([{', '.join(parts)}], -1)", params.dims)
    return permuted(Operand(joined, TensorType("", others + params.dims)), use.dims)


def split(use: Use) -> str:
    """A part of a product of dimensions."""
    return _part(use, "")


def top_k(use: Use) -> str:
    """The places of the largest elements, of equal ones the first: the head of a stable ranking."""
    return _part(use, ".argsort(dim=-1, descending=True, stable=True)")


def _part(use: Use, ranked: str) -> str:
    """A part of a product of dimensions, or of what is made of it."""
    params = cast("Cut", use.op.params)
    (operand,) = use.operands
    others = tuple(dim for dim in operand.dims if dim not in params.source)
    size = prod(use.sizes[dim] for dim in params.dims)
    text = f"{merged(operand, others, params.source)}{ranked}.narrow(-1, {params.start}, {size})"
    text = unmerged(use, text, params.dims)
    return permuted(Operand(text, TensorType("", others + params.dims)), use.dims)


def append(use: Use) -> str:
    """What is filled, with what is put into it where this process has the place."""
    params, (into, new) = cast("Cut", use.op.params), use.operands
    others = tuple(dim for dim in into.dims if dim not in params.source)
    rows = permuted(into, (*params.source, *others))
    entries = permuted(new, (*params.dims, *others))
    if len(params.dims) > 1:
        entries += f".flatten(0, {len(params.dims) - 1})"
    blocks = ", ".join(f"({block_start(use, dim)}, {use.sizes[dim]})" for dim in params.source)
    text = f"put_in({rows}, {entries}, {params.start}{use.ahead}, [{blocks}])"
    return permuted(Operand(text, TensorType("", (*params.source, *others))), use.dims)


def keep(use: Use) -> str:
    """The same tensor, as the next step is to see it."""
    return permuted(use.operands[0], use.dims)


def index(use: Use) -> str:
    """The global position along a product of dimensions."""
    return _linear(use, cast("Position", use.op.params).dims, use.dims)


def positions(use: Use, dims: Dims) -> str:
    """The global positions along a product of dimensions, one axis for all of it."""
    text = _linear(use, dims, dims)
    return text if len(dims) == 1 else f"({text}).flatten()"


def _linear(use: Use, product: Dims, dims: Dims) -> str:
    """The row-major position in a product, with axes as in ``dims``."""
    total: list[str] = []
    stride = 1
    for dim in reversed(product):
        axes = "".join(f', "{atom}"' for atom in use.layout.atoms_of(dim))
        own = Operand(f"mesh.positions({use.local(dim)}{axes})", TensorType("i32", (dim,)))
        text = aligned(own, dims)
        total.append(text if stride == 1 else f"{text} * {stride}")
        stride *= use.sizes[dim]
    return " + ".join(reversed(total))


def take(use: Use) -> str:
    """What indices pick, zero where that is not here."""
    table, index = use.operands
    over = use.op.over
    shared = tuple(dim for dim in table.dims if dim in index.dims)
    kept = tuple(dim for dim in table.dims if dim not in index.dims and dim not in over)
    new = tuple(dim for dim in index.dims if dim not in table.dims)
    blocks = ", ".join(f"({block_start(use, dim)}, {use.sizes[dim]})" for dim in over)
    rows = permuted(table, (*shared, *over, *kept))
    places = f"torch.tensor({index.text}, device=mesh.device)" if index.is_number else index.text
    ordered = permuted(Operand(places, index.type), (*shared, *new))
    text = f"take({rows}, {ordered}, {len(shared)}, [{blocks}])"
    return permuted(Operand(text, TensorType("", (*shared, *new, *kept))), use.dims)


def shift(use: Use) -> str:
    """What stood so many places before: picked from there, or zero."""
    table, by = use.operands
    over = use.op.over
    shared = tuple(dim for dim in table.dims if dim in by.dims)
    kept = tuple(dim for dim in table.dims if dim not in by.dims and dim not in over)
    new = tuple(dim for dim in by.dims if dim not in table.dims)
    rows = permuted(table, (*shared, *over, *kept))
    back = by.text if by.is_number else f"{permuted(by, (*shared, *new))}[..., None]"
    places = f"mesh.positions({prod(use.sizes[dim] for dim in over)}) - ({back})"
    blocks = ", ".join(f"(0, {use.sizes[dim]})" for dim in over)
    text = f"take({rows}, {places}, {len(shared)}, [{blocks}])"
    text = unmerged(use, text, over, len(shared) + len(new))
    return permuted(Operand(text, TensorType("", (*shared, *new, *over, *kept))), use.dims)


def scan(use: Use) -> str:
    """Every state of a linear recurrence along a whole product of dimensions."""
    over = use.op.over
    rest = tuple(dim for dim in use.dims if dim not in over)
    decay, step = (
        operand.text if operand.is_number else merged(operand, rest, over)
        for operand in use.operands[:2]
    )
    text = unmerged(use, f"scan({decay}, {step}, {aligned(use.operands[2], rest)})", over)
    return permuted(Operand(text, TensorType("", (*rest, *over))), use.dims)


def block_start(use: Use, dim: str) -> str:
    """The global position at which this process's block of a dimension begins."""
    atoms = use.layout.atoms_of(dim)
    return f"mesh.index({tuple_text(atoms)}) * {use.local(dim)}" if atoms else "0"


def roll(use: Use) -> str:
    """Elements move on round a whole dimension; a block stays, and where it stands is in the layout."""
    (operand,), (dim,) = use.operands, use.op.over
    if use.layout.atoms_of(dim):
        return permuted(operand, use.dims)
    by = cast("Rolled", use.op.params).by
    return permuted(
        Operand(f"{operand.text}.roll({by}, {operand.dims.index(dim)})", operand.type), use.dims
    )


def rotate(use: Use) -> str:
    """Pairs turned by angles; a pair may lie along a product of dimensions."""
    (value, angle), over = use.operands, use.op.over
    others = tuple(dim for dim in use.dims if dim not in over)
    turned = aligned(angle, others)
    if angle.is_number:
        turned = f"{value.text}.new_tensor({angle.text})"
    text = unmerged(use, f"rotate({merged(value, others, over)}, {turned})", over)
    return permuted(Operand(text, TensorType("", (*others, *over))), use.dims)
