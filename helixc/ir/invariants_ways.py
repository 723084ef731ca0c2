"""The fact that every operator is legal: its operands lie where its way, read off its factor rule, says.

A way gives each atom to a factor or lets it pass through as a partial operand.  A factor's atoms split
that dimension of every operand that has it, and of the result; a contracted factor's atoms leave the
result partial.  Nothing else may be split or partial.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from helixc.diagnostics import Diagnostic
from helixc.ir.fact import Invariant
from helixc.ir.invariants_layouts import known_atoms
from helixc.ir.invariants_types import check_op
from helixc.ir.layout import Layout, make_layout
from helixc.ir.layout_steps import mesh_order
from helixc.ir.logical import Op
from helixc.ir.mesh import Mesh
from helixc.ir.ops import OPS, Number, OpRow
from helixc.ir.rules import Factor, factors
from helixc.ir.spmd import Compute, Spmd, walk
from helixc.ir.tensor import NUMBER

# How a way spells that an operand passes through; after it "all" (joint operators) or a position.
PARTIAL = "partial "


@attrs.frozen
class WayLayouts:
    """The layouts that a way needs of its operands, and the one in which it leaves its result."""

    operands: tuple[Layout, ...]
    result: Layout


@attrs.frozen
class _Operands:
    """How an operator's operands lie; a number (False in ``values``) lies whole everywhere."""

    row: OpRow
    rule: tuple[Factor, ...]
    layouts: tuple[Layout, ...]
    values: tuple[bool, ...]


def way_layouts(
    row: OpRow,
    rule: tuple[Factor, ...],
    way: Sequence[tuple[str, str]],
    operands: Sequence[Layout | None],
    mesh: Mesh,
    sizes: Mapping[str, int],
) -> WayLayouts:
    """What a way implies, where ``operands`` are as they lie (None: a number); ``sizes`` of dimensions.

    Raises ``ValueError`` with the reason if no operand layout makes the way legal.
    """
    held = _Operands(
        row=row,
        rule=rule,
        layouts=tuple(layout or Layout() for layout in operands),
        values=tuple(layout is not None for layout in operands),
    )
    _check_atoms(way, mesh)
    splits = _factor_atoms(rule, way)
    passing = _passing_atoms(held, way)
    kind = _result_kind(held, splits, passing)
    contracted = [atom for f in rule if f.result is None for atom in splits.get(f.name, ())]
    layouts: list[Layout] = []
    for position in range(len(operands)):
        dims = [(factor.operands[position], splits.get(factor.name, ())) for factor in rule]
        split = {dim: atoms for dim, atoms in dims if dim is not None}
        through = [atom for atom, positions in passing.items() if position in positions]
        layouts.append(make_layout(split, mesh_order(through, mesh), kind))
    result = {f.result: splits.get(f.name, ()) for f in rule if f.result is not None}
    partial = mesh_order([*contracted, *passing], mesh)
    turned = [
        (dim, factor.places(sizes[dim], mesh.ways(splits.get(factor.name, ()))))
        for factor in rule
        if factor.turn and (dim := factor.result) is not None
    ]
    return WayLayouts(tuple(layouts), make_layout(result, partial, kind, turned))


def _check_atoms(way: Sequence[tuple[str, str]], mesh: Mesh) -> None:
    seen = set[str]()
    for atom, _ in way:
        if atom not in mesh.sizes:
            raise ValueError(f"the mesh has no axis {atom}")
        if atom in seen:
            raise ValueError(f"{atom} is given away twice")
        seen.add(atom)


def _factor_atoms(
    rule: tuple[Factor, ...], way: Sequence[tuple[str, str]]
) -> dict[str, tuple[str, ...]]:
    """The atoms that split each factor, in the order of the way."""
    tags = {factor.name: factor.tag for factor in rule}
    splits: dict[str, tuple[str, ...]] = {}
    for atom, target in way:
        if target.startswith(PARTIAL):
            continue
        if target not in tags:
            raise ValueError(f"it has no factor {target} for {atom} to split")
        if tags[target] == "whole":
            raise ValueError(f"{target} must be whole, but {atom} splits it")
        splits[target] = (*splits.get(target, ()), atom)
    return splits


def _passing_atoms(held: _Operands, way: Sequence[tuple[str, str]]) -> dict[str, tuple[int, ...]]:
    """For each atom that passes through, the positions of the operands that are partial over it."""
    passing: dict[str, tuple[int, ...]] = {}
    for atom, target in way:
        if target.startswith(PARTIAL):
            passing[atom] = _partial_positions(held, target.removeprefix(PARTIAL))
    return passing


def _partial_positions(held: _Operands, word: str) -> tuple[int, ...]:
    """The operands that "partial N" speaks of, where the operator's row allows them."""
    linear, everyone = held.row.linear, tuple(range(len(held.values)))
    if linear == "none":
        raise ValueError("no operand of it may be partial")
    if linear == "joint":
        if not all(held.values):
            raise ValueError("a number is whole, so the other operand may not be partial")
        return everyone
    if word not in [str(n) for n in everyone if held.values[n]]:
        raise ValueError(f"it has no operand {word} that could be partial")
    if linear == "first" and word != "0":
        raise ValueError("only its first operand may be partial")
    return (int(word),)


def _result_kind(
    held: _Operands, splits: dict[str, tuple[str, ...]], passing: dict[str, tuple[int, ...]]
) -> str:
    """The one way in which everything here is partial."""
    kinds = {f.tag for f in held.rule if f.result is None and f.name in splits}
    through = {held.layouts[n].kind for positions in passing.values() for n in positions}
    if through - {"", "sum"} and not held.row.keeps_order:
        raise ValueError(f"only partial sums pass through, not a partial {max(through)}")
    kinds |= through - {""}
    if len(kinds) > 1:
        raise ValueError(f"the result would be partial in several ways: {', '.join(sorted(kinds))}")
    return kinds.pop() if kinds else "sum"


def _legal_operands(program: Spmd) -> Iterator[Diagnostic]:
    for statement in walk(program.body):
        if isinstance(statement, Compute):
            yield from _check_compute(statement, program)


def _check_compute(compute: Compute, program: Spmd) -> Iterator[Diagnostic]:
    op, mesh = compute.op, program.mesh
    names = [*op.reads, op.result]
    if any(name not in program.types for name in names):
        return
    if not all(known_atoms(program.layouts[name], mesh) for name in names):
        return
    if any(True for _ in check_op(op, program.types, program.sizes)):
        return
    rule = _rule(op, program)
    held = [None if isinstance(o, Number) else program.layouts[o] for o in op.operands]
    try:
        needed = way_layouts(OPS[op.kind], rule, compute.way, held, mesh, program.sizes)
    except ValueError as reason:
        yield Diagnostic("HX0654", f"{op.kind} of %{op.result}: {reason}", op.span)
        return
    yield from _compare(compute, needed, program)


def _rule(op: Op, program: Spmd) -> tuple[Factor, ...]:
    types = [NUMBER if isinstance(o, Number) else program.types[o] for o in op.operands]
    return factors(op.kind, types, op.type, op.over, op.params)


def _compare(compute: Compute, needed: WayLayouts, program: Spmd) -> Iterator[Diagnostic]:
    op = compute.op
    for operand, layout in zip(op.operands, needed.operands, strict=True):
        if isinstance(operand, str) and program.layouts[operand] != layout:
            message = f"%{op.result} needs %{operand} as {layout}, but it is"
            found = program.layouts[operand]
            yield Diagnostic("HX0654", f"{message} {found}", op.span, legal=(str(layout),))
    if compute.layout != needed.result:
        message = f"{op.kind} leaves %{op.result} as {needed.result}, not as {compute.layout}"
        yield Diagnostic("HX0654", message, op.span, legal=(str(needed.result),))


LEGAL_OPERANDS = Invariant("legal-operands", Spmd, _legal_operands)
