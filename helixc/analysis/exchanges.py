"""The traffic of a step by mesh axes: all collectives over the same axes as one table of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs

from helixc.analysis.collectives import axis_names, kind_of, step_atoms
from helixc.analysis.layers import LayerMap
from helixc.analysis.names import value_names
from helixc.analysis.traffic import Traffic, find_traffic
from helixc.ir.spmd import Move, Spmd, walk

Table = tuple[tuple[int, ...], ...]


@attrs.frozen(kw_only=True)
class Exchange:
    """All collectives over the same mesh axes: what they are, and bytes by receiver (rows) and sender.

    ``what``: kind and value of each, in program order, ``all_gather of attended``.
    """

    axes: tuple[str, ...]
    what: tuple[str, ...]
    table: Table


@attrs.frozen(kw_only=True)
class Exchanges:
    """Tables of a whole step; a row stands for ``block`` GPUs with consecutive numbers, of ``gpus``."""

    block: int
    gpus: int
    parts: tuple[Exchange, ...]

    @property
    def rows(self) -> int:
        """How many rows, and columns, a table has."""
        return -(-self.gpus // self.block)

    @property
    def total(self) -> Table:
        """All collectives together."""
        places = range(self.rows)
        return tuple(
            tuple(sum(part.table[row][column] for part in self.parts) for column in places)
            for row in places
        )


def find_exchanges(program: Spmd, layers: LayerMap) -> Exchanges:
    """The exchanges of a step; collectives of one GPU each are none."""
    traffic, names = find_traffic(program, layers), value_names(program)
    found: dict[tuple[str, ...], list[Move]] = {}
    for move in _collectives(program):
        atoms = step_atoms(move.step, program.layouts[move.source], program.mesh)
        if program.mesh.ways(atoms) > 1:
            found.setdefault(atoms, []).append(move)
    parts = tuple(
        Exchange(
            axes=axis_names(atoms, program.mesh),
            what=tuple(f"{kind_of(move.step)} of {names[move.result]}" for move in moves),
            table=_sum(_table(traffic, move.result) for move in moves),
        )
        for atoms, moves in found.items()
    )
    return Exchanges(block=traffic.block, gpus=program.mesh.devices, parts=parts)


def _collectives(program: Spmd) -> Iterator[Move]:
    for statement in walk(program.body):
        if isinstance(statement, Move) and kind_of(statement.step):
            yield statement


def _table(traffic: Traffic, value: str) -> list[list[Fraction]]:
    """Bytes of all runs of one collective."""
    moved = traffic.of[value]
    each = Fraction(moved.bytes, moved.peers)
    return [[count * each for count in row] for row in traffic.patterns[moved.pattern]]


def _sum(tables: Iterable[list[list[Fraction]]]) -> Table:
    """Tables added up, in whole bytes."""
    added = [
        [sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)
    ]
    return tuple(tuple(round(cell) for cell in row) for row in added)
