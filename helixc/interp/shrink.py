"""A faithful smaller instance of a program: same operators, same layouts, smaller dimensions.

Every dimension takes the least size that keeps what ``sizes`` reads off the program; a repeat turns
at most twice; a mesh too large to simulate loses GPUs axis by axis, and the instance says where.  All
levels of one compile are shrunk alike, so they stay versions of each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import attrs

from helixc.interp.constants import scaled_constants
from helixc.interp.padding import counts_of_padded, small_real
from helixc.interp.readings import AnyProgram, layouts_of, meshes, operators, repeats
from helixc.interp.site import product_size
from helixc.interp.sizes import Needs, gather_needs, solve
from helixc.ir import spmd
from helixc.ir.layout import Layout, Permute
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.mesh import Atom, Axis, Mesh
from helixc.ir.ops import Cut, Fused, Joined, Number, Operand
from helixc.ir.plan import Slices
from helixc.ir.ring_pattern import original
from helixc.ir.spmd import Compute, Loop, Move, Spmd, SpmdStatement
from helixc.ir.tensor import Dim, real_sizes

# More simulated GPUs than this are brought down, to two along an axis at the least.
SIMULATED_GPUS = 64
TURNS = 2
SLICES = 2


@attrs.frozen(eq=False)
class Instance:
    """Sizes of dimensions and mesh atoms, and what else changes with them.

    Of the dimensions ``sliced``, the sizes are those of one slice; a program of a whole step has
    ``slices`` times as much.
    ``constants``: for an operator's result, the numbers among its operands by position: what the model
    has, and what takes its place; ``starts``: where a cut begins.  ``real``: how long dimensions that a
    version pads are in the model.
    """

    sizes: Mapping[str, int]
    atoms: Mapping[str, int]
    turns: int
    constants: Mapping[str, Mapping[int, tuple[float, float]]]
    starts: Mapping[str, int]
    sliced: frozenset[str] = frozenset()
    slices: int = 1
    real: Mapping[str, int] = attrs.Factory(dict[str, int])


def smallest_instance(
    model: Logical,
    versions: Sequence[AnyProgram],
    divided: Mapping[str, tuple[str, ...]],
    *,
    long: bool = False,
) -> Instance:
    """The least instance that is faithful to a model and to all these versions of it.

    ``divided`` says which of the model's dimensions a version rewrites as a product of others.  ``long``:
    all dimensions are as long as those along which positions run.
    """
    programs = (model, *versions)
    atoms = _small_atoms(programs)
    full = _full_sizes(programs)
    ops = {(op.result, op.params): op for program in programs for op in operators(program)}
    layouts = dict.fromkeys(layout for program in programs for layout in layouts_of(program))
    needs = gather_needs(ops.values(), layouts, full, atoms, divided)
    if long:
        needs = attrs.evolve(needs, positions=frozenset(needs.full))
    sizes = solve(needs)
    sliced, slices = _slices(programs)
    starts = _starts(needs, sizes)
    dims = [dim for program in programs for dim in program.dims]
    real = small_real(dims, sizes)
    padded = [op for program in programs if real_sizes(program.dims) for op in operators(program)]
    full_real, small = {**full, **real_sizes(dims)}, {**sizes, **real}
    counts = counts_of_padded(padded, full_real, small)
    return Instance(
        sizes=sizes,
        atoms=atoms,
        turns=TURNS,
        constants={**scaled_constants(model, full_real, small, starts), **counts},
        starts=starts,
        sliced=sliced,
        slices=min(slices, SLICES),
        real=real,
    )


def full_instance(programs: Sequence[AnyProgram]) -> Instance:
    """The instance that changes nothing but lets every repeat turn as often as it is written."""
    atoms = {atom.name: atom.size for mesh in meshes(programs) for atom in mesh.atoms}
    turns = max((s.trips for p in programs for s in repeats(p)), default=1)
    sizes = _full_sizes(programs)
    real = real_sizes(dim for program in programs for dim in program.dims)
    return Instance(sizes, atoms, turns, {}, {}, *_slices(programs), real)


def _full_sizes(programs: Sequence[AnyProgram]) -> dict[str, int]:
    """Size of each dimension of any version; of one that is sliced, that of a slice."""
    sizes: dict[str, int] = {}
    for program in sorted(programs, key=lambda program: program.slices is not None):
        sizes.update(program.sizes)
    return sizes


def _slices(programs: Sequence[AnyProgram]) -> tuple[frozenset[str], int]:
    """The dimensions that some version slices, and into how many slices."""
    for program in programs:
        if program.slices is not None:
            return frozenset(program.slices.leaves), program.slices.count
    return frozenset(), 1


def _starts(needs: Needs, sizes: Mapping[str, int]) -> dict[str, int]:
    return {
        value: sum(product_size(sizes, piece) for piece in before)
        for value, before in needs.starts.items()
    }


# --- the mesh


def _small_atoms(programs: Sequence[AnyProgram]) -> dict[str, int]:
    """Sizes of atoms: as they are if the mesh is small, else cut to two, largest atoms first."""
    atoms = {atom.name: atom.size for mesh in meshes(programs) for atom in mesh.atoms}
    for name in sorted(atoms, key=lambda a: (-atoms[a], a)):
        if math.prod(atoms.values()) <= SIMULATED_GPUS:
            break
        smaller = {**atoms, name: min(atoms[name], 2)}
        if _keeps_permutes(programs, smaller):
            atoms = smaller
    return atoms


def _keeps_permutes(programs: Sequence[AnyProgram], atoms: Mapping[str, int]) -> bool:
    """Whether every permute still moves blocks of one shape."""
    for program in programs:
        if isinstance(program, Spmd):
            for move in spmd.walk(program.body):
                if isinstance(move, Move) and isinstance(move.step, Permute):
                    before = program.layouts[move.source]
                    if not _same_shape(before, move.step.layout, atoms):
                        return False
    return True


def _same_shape(before: Layout, after: Layout, atoms: Mapping[str, int]) -> bool:
    dims = sorted({dim for dim, _ in (*before.split, *after.split)})
    return all(_ways(before, dim, atoms) == _ways(after, dim, atoms) for dim in dims)


def _ways(layout: Layout, dim: str, atoms: Mapping[str, int]) -> int:
    return math.prod(atoms[name] for name in layout.atoms_of(dim))


def shrunk_axes(programs: Sequence[AnyProgram], instance: Instance) -> tuple[str, ...]:
    """Which mesh axes the instance makes smaller, in words: "tp 512 -> 4"."""
    for mesh in meshes(programs):
        small = _shrunk_mesh(mesh, instance)
        pairs = zip(mesh.axes, small.axes, strict=True)
        return tuple(f"{a.name} {a.size} -> {b.size}" for a, b in pairs if a.size != b.size)
    return ()


# --- writing programs


def shrink(program: AnyProgram, instance: Instance) -> AnyProgram:
    """The program at the sizes of an instance."""
    if isinstance(program, Logical):
        return shrink_model(program, instance)
    return attrs.evolve(
        program,
        dims=_shrunk_dims(program, instance),
        body=tuple(_shrunk_placed(s, instance) for s in program.body),
        mesh=_shrunk_mesh(program.mesh, instance),
        slices=_shrunk_slices(program, instance),
    )


def shrink_model(program: Logical, instance: Instance) -> Logical:
    """The same for a version without GPUs."""
    body = tuple(_shrunk_statement(s, instance) for s in program.body)
    return attrs.evolve(
        program,
        dims=_shrunk_dims(program, instance),
        body=body,
        slices=_shrunk_slices(program, instance),
    )


def _shrunk_dims(program: AnyProgram, instance: Instance) -> tuple[Dim, ...]:
    sliced = instance.sliced if program.slices is None else ()
    # A small instance is executed, never priced: every place is there.
    return tuple(
        _shrunk_dim(dim, instance, instance.slices if dim.name in sliced else 1)
        for dim in program.dims
    )


def _shrunk_dim(dim: Dim, instance: Instance, slices: int) -> Dim:
    size, real = instance.sizes[dim.name], instance.real.get(dim.name)
    if real is None:
        return Dim(dim.name, size * slices)
    return Dim(dim.name, real * slices) if dim.real is None else Dim(dim.name, size, real=real)


def _shrunk_slices(program: AnyProgram, instance: Instance) -> Slices | None:
    if program.slices is None:
        return None
    return attrs.evolve(program.slices, count=instance.slices)


def _shrunk_mesh(mesh: Mesh, instance: Instance) -> Mesh:
    atoms = tuple(Atom(a.name, a.axis, instance.atoms[a.name]) for a in mesh.atoms)
    axes = tuple(
        Axis(axis.name, math.prod(a.size for a in atoms if a.axis == axis.name))
        for axis in mesh.axes
    )
    return Mesh(axes=axes, atoms=atoms)


def _shrunk_statement(statement: Statement, instance: Instance) -> Statement:
    if isinstance(statement, Op):
        return _shrunk_op(statement, instance)
    body = tuple(_shrunk_statement(s, instance) for s in statement.body)
    return attrs.evolve(statement, trips=_turns(statement, instance), body=body)


def _turns(repeat: Repeat | Loop, instance: Instance) -> int:
    if repeat.around:
        return instance.sizes[repeat.around] - 1
    return min(repeat.trips, instance.turns)


def _shrunk_placed(statement: SpmdStatement, instance: Instance) -> SpmdStatement:
    match statement:
        case Loop():
            body = tuple(_shrunk_placed(s, instance) for s in statement.body)
            return attrs.evolve(statement, trips=_turns(statement, instance), body=body)
        case Compute():
            return attrs.evolve(statement, op=_shrunk_op(statement.op, instance))
        case _:
            return statement


def _scaled(
    operand: Operand, change: tuple[float, float] | None, sizes: Mapping[str, int]
) -> Operand:
    """The operand, or the number that takes its place; another number than the model's stays wrong."""
    if isinstance(operand, Number) and operand.dims:
        return Number(product_size(sizes, operand.dims), operand.dims)
    if change is None or not isinstance(operand, Number) or operand.value != change[0]:
        return operand
    return Number(change[1])


def _shrunk_op(op: Op, instance: Instance) -> Op:
    constants = instance.constants.get(original(op.result), {})
    operands = tuple(
        _scaled(o, constants.get(i), instance.sizes) for i, o in enumerate(op.operands)
    )
    match op.params:
        case Joined():
            parts = tuple(
                (dims, product_size(instance.sizes, dims) if dims else size)
                for dims, size in op.params.parts
            )
            params = Joined(op.params.dims, parts)
        case Cut():
            start = instance.starts.get(op.result, op.params.start)
            params = Cut(op.params.source, op.params.dims, start)
        case Fused():
            body = tuple(_shrunk_op(member, instance) for member in op.params.body)
            params = Fused(op.params.inputs, body)
        case _:
            params = op.params
    if operands == op.operands and params == op.params:
        return op
    return attrs.evolve(op, operands=operands, params=params)
