"""Every collective of a program: who takes part, how many bytes, how long, and why it exists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

import attrs

from helixc.analysis.layers import Layer, LayerMap
from helixc.analysis.names import value_names
from helixc.choice.reasons import layout_words
from helixc.diagnostics import NOWHERE, Span
from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
    local_bytes,
)
from helixc.ir.layout_steps import mesh_order
from helixc.ir.mesh import Mesh
from helixc.ir.spmd import Compute, Move, Spmd, walk
from helixc.price.collective import moved_atoms, step_bytes
from helixc.price.interval import Price, exactly


@attrs.frozen(kw_only=True)
class Alternative:
    """Another legal way: in one turn of the layer (scope "operator"), or of the whole program."""

    how: str
    bytes_per_gpu: int
    picoseconds: int
    scope: str


_SHOWN_MEMBERS = 16

# The dearer ways that were passed over for a move.
Alternatives = Callable[[Move], tuple[Alternative, ...]]


@attrs.frozen(kw_only=True)
class Collective:
    """One collective as it stands in the program, for every turn of its layer.

    ``axes`` are mesh axes, or atoms where an axis is cut; ``dims`` the dimensions that change.
    ``first_group`` is the group of GPU 0 in rank order, its first members if it is large.
    Bytes (received per GPU) and times are of one turn, in which the collective runs ``times`` times;
    ``exposed_picoseconds`` is the time in which nothing is computed beside it.  ``held`` and ``needed``: the
    layouts before and after it, in words.
    """

    layer: Layer
    result: str
    value: str
    reader: str
    kind: str
    dims: tuple[str, ...]
    axes: tuple[str, ...]
    group_size: int
    groups: int
    first_group: tuple[int, ...]
    bytes_per_gpu: int
    price: Price
    exposed_picoseconds: int
    times: int
    algorithm: str
    held: str
    needed: str
    why: str
    source: Span
    alternatives: tuple[Alternative, ...] = ()

    @property
    def picoseconds(self) -> int:
        """Time in one turn."""
        return self.price.picoseconds


def no_alternatives(_: Move) -> tuple[Alternative, ...]:
    """Nothing is known about what was passed over."""
    return ()


@attrs.frozen
class Timing:
    """Price and exposed picoseconds of one execution of a move."""

    price: Price
    exposed: int


def all_exposed(move: Move) -> Timing:
    """The time by which a move was chosen, with nothing beside it."""
    return Timing(exactly(move.picoseconds, "link"), move.picoseconds)


def find_collectives(
    program: Spmd,
    layers: LayerMap,
    alternatives: Alternatives = no_alternatives,
    timing: Callable[[Move], Timing] = all_exposed,
) -> tuple[Collective, ...]:
    """Every collective of a program, in its order; one entry for all turns."""
    names = value_names(program)
    spans = {s.result: s.op.span for s in walk(program.body) if isinstance(s, Compute)}
    found: list[Collective] = []
    for statement in walk(program.body):
        if isinstance(statement, Move) and kind_of(statement.step):
            timed = timing(statement)
            collective = _collective(statement, timed, program, layers, names, spans)
            found.append(attrs.evolve(collective, alternatives=alternatives(statement)))
    return tuple(found)


def kind_of(step: Step) -> str:
    """The name of a collective; "" for a step that moves no bytes."""
    match step:
        case Slice() | Seed():
            return ""
        case AllGather():
            return "all_gather"
        case ReduceScatter():
            return "reduce_scatter"
        case AllReduce():
            return "all_reduce"
        case AllToAll():
            return "all_to_all"
        case Permute():
            return "permute"
        case _:
            assert_never(step)


def step_name(step: Step) -> str:
    """The name of any step: that of the collective, ``slice`` or ``seed``."""
    return kind_of(step) or type(step).__name__.lower()


def step_atoms(step: Step, before: Layout, mesh: Mesh) -> tuple[str, ...]:
    """The atoms whose GPUs take part in a step on a value held in layout ``before``."""
    if isinstance(step, Permute):
        return mesh_order(moved_atoms(before, step.layout), mesh)
    return step.atoms


def step_dims(step: Step, before: Layout) -> tuple[str, ...]:
    """The dimensions whose blocks a step changes."""
    match step:
        case AllToAll():
            return (step.source, step.target)
        case AllGather() | ReduceScatter() | Slice():
            return (step.dim,)
        case Permute():
            changed = set(before.split) ^ set(step.layout.split)
            turned = set(before.turned) ^ set(step.layout.turned)
            return tuple(sorted({dim for dim, _ in (*changed, *turned)}))
        case AllReduce() | Seed():
            return ()
        case _:
            assert_never(step)


def axis_names(atoms: tuple[str, ...], mesh: Mesh) -> tuple[str, ...]:
    """The axes that these atoms make up: all atoms of an axis in order are that axis."""
    axis_of = {atom.name: atom.axis for atom in mesh.atoms}
    names: list[str] = []
    rest = list(atoms)
    while rest:
        whole = mesh.axis_atoms(axis_of[rest[0]])
        if tuple(rest[: len(whole)]) == whole:
            names.append(axis_of[rest[0]])
            del rest[: len(whole)]
        else:
            names.append(rest.pop(0))
    return tuple(names)


def move_bytes(move: Move, program: Spmd) -> int:
    """Bytes that each GPU receives in one execution of a move."""
    layout = program.layouts[move.source]
    block = local_bytes(program.types[move.source], layout, program.sizes, program.mesh)
    return step_bytes(move.step, block, program.mesh)


def _collective(
    move: Move,
    timing: Timing,
    program: Spmd,
    layers: LayerMap,
    names: Mapping[str, str],
    spans: Mapping[str, Span],
) -> Collective:
    before = program.layouts[move.source]
    atoms = step_atoms(move.step, before, program.mesh)
    size = program.mesh.ways(atoms)
    times = layers.runs_per_turn(move.result)
    written = [move.why.line, spans.get(move.why.reader, NOWHERE)]
    written.append(spans.get(move.why.value, NOWHERE))
    return Collective(
        layer=layers.layer(move.result),
        result=move.result,
        value=names[move.result],
        reader=names.get(move.why.reader, move.why.reader),
        kind=kind_of(move.step),
        dims=step_dims(move.step, before),
        axes=axis_names(atoms, program.mesh),
        group_size=size,
        groups=program.mesh.devices // size,
        first_group=_first_members(program.mesh, atoms),
        bytes_per_gpu=move_bytes(move, program) * times,
        price=timing.price.times(times),
        exposed_picoseconds=timing.exposed * times,
        times=times,
        algorithm=move.algorithm,
        held=layout_words(before),
        needed=layout_words(program.layouts[move.result]),
        why=move.why.text,
        source=next((span for span in written if span != NOWHERE), NOWHERE),
    )


def _first_members(mesh: Mesh, atoms: tuple[str, ...]) -> tuple[int, ...]:
    """The first members of GPU 0's group, in rank order; the group itself may be huge."""
    count = min(mesh.ways(atoms), _SHOWN_MEMBERS)
    return tuple(_member(mesh, atoms, rank) for rank in range(count))


def _member(mesh: Mesh, atoms: tuple[str, ...], rank: int) -> int:
    device = 0
    for atom in reversed(atoms):
        rank, coordinate = divmod(rank, mesh.sizes[atom])
        device += coordinate * mesh.strides[atom]
    return device
