"""A program as parts that add up to its time: every operator, and every collective as far as it is exposed.

At every moment a GPU computes, or it communicates and computes nothing; so the time of all operators and
the exposed time of all collectives together are the time of the program, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from helixc.analysis.collectives import (
    axis_names,
    kind_of,
    move_bytes,
    step_atoms,
    step_dims,
)
from helixc.analysis.critical_path import CriticalPath
from helixc.analysis.crossings import Crossing, crossings
from helixc.analysis.layers import LayerMap
from helixc.analysis.local_compute import local_compute
from helixc.analysis.names import value_names
from helixc.analysis.prices import StatementPrice
from helixc.analysis.streams import Stream
from helixc.ir.spmd import Compute, Move, Spmd, walk
from helixc.price.interval import Price

# What a part is like, in words: (what, how), "" where that means nothing.
Facts = tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class Part:
    """An operator or a collective with all its runs in one step of the program.

    ``counted``: the picoseconds of the program's time that it makes.  ``bytes_per_gpu``: received.
    ``crossed``: the levels that a collective's groups cross.
    """

    layer: str
    name: str
    kind: str
    stream: Stream
    runs: int
    price: Price
    counted: int
    bytes_per_gpu: int = 0
    crossed: tuple[Crossing, ...] = ()
    facts: Facts = ()

    @property
    def picoseconds(self) -> int:
        """The time of all runs, hidden or not."""
        return self.price.picoseconds


def timed_parts(
    program: Spmd, layers: LayerMap, path: CriticalPath, price: StatementPrice
) -> tuple[Part, ...]:
    """The parts of a program that take time, in program order."""
    return tuple(_parts(program, layers, path, price))


def _parts(
    program: Spmd, layers: LayerMap, path: CriticalPath, price: StatementPrice
) -> Iterator[Part]:
    names = value_names(program)
    for statement in walk(program.body):
        match statement:
            case Compute() if price(statement).picoseconds:
                yield _operator(statement, program, layers, names, price(statement))
            case Move() if kind_of(statement.step):
                yield _collective(statement, program, layers, names, path)
            case _:
                pass


def _operator(
    statement: Compute,
    program: Spmd,
    layers: LayerMap,
    names: Mapping[str, str],
    price: Price,
) -> Part:
    value = statement.result
    runs = layers.runs[value]
    local = local_compute(statement, program)
    sizes = tuple((f"{name} of one GPU", str(size)) for name, size in local.local.items())
    return Part(
        layer=layers.layer(value).title,
        name=names[value],
        kind=statement.op.kind,
        stream="compute",
        runs=runs,
        price=price.times(runs),
        counted=runs * price.picoseconds,
        facts=(
            *sizes,
            ("GPUs doing the very same", str(local.repeated)),
            ("bound by", price.bound),
            ("on", program.cluster.gpu.name),
        ),
    )


def _collective(
    move: Move, program: Spmd, layers: LayerMap, names: Mapping[str, str], path: CriticalPath
) -> Part:
    runs = layers.runs[move.result]
    before = program.layouts[move.source]
    atoms = step_atoms(move.step, before, program.mesh)
    crossed = crossings(atoms, program.mesh, program.cluster)
    timing = path.timing(move)
    size = program.mesh.ways(atoms)
    return Part(
        layer=layers.layer(move.result).title,
        name=names[move.result],
        kind=kind_of(move.step),
        stream="communication",
        runs=runs,
        price=timing.price.times(runs),
        counted=runs * timing.exposed,
        bytes_per_gpu=runs * move_bytes(move, program),
        crossed=crossed,
        facts=(
            ("over", ", ".join(axis_names(atoms, program.mesh))),
            ("groups", f"{program.mesh.devices // size} of {size} GPUs"),
            ("links", " and ".join(crossing.text for crossing in crossed)),
            ("along", " -> ".join(step_dims(move.step, before))),
            ("algorithm", move.algorithm),
            ("bound by", timing.price.bound),
        ),
    )
