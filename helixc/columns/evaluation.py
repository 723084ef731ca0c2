"""The price of many plans: their structures from a file, the sizes of their axes from a table.

A plan's directives say what is split over which mesh axis; the table says how large the axes are.  Every
plan is taken as ``strict``: each value is laid out as its directives say.  Results are those of ``compile``
on the same plan with ``strict`` in its outermost block, number for number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from helixc.analysis.numbers_text import byte_text, seconds_text
from helixc.card import Card, Listing, Shown
from helixc.columns.family import LARGEST, Column, Mask
from helixc.columns.groups import COLUMNS, Axes, Prices, Results, StructureEvaluator
from helixc.columns.structures import structures
from helixc.compiler import explained, lower, make_choice
from helixc.diagnostics import CompilerBug
from helixc.elaborate.choice import Choice
from helixc.ir.logical import Logical
from helixc.ir.mesh import Axis
from helixc.ir.plan import Strict
from helixc.ir.source import Sources
from helixc.passes.contract import AnyPass
from helixc.pipeline import to_logical, to_spmd
from helixc.text.loader import load_path

# For each plan of a file, by name, the sizes of its mesh axes: one row per plan to evaluate.
Table = Mapping[str, Sequence[Sequence[int]]]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Evaluation(Shown):
    """One entry per plan in each column, in the order of the table.

    ``models``: the model, with its phase where it writes some.  ``refused``: the code of the first error
    where ``compile`` refuses the plan, else ""; numbers are 0 there.  Times are of one GPU in picoseconds:
    of the program, and of all its computing and all its communication one after the other.
    ``weights_bytes``, ``state_bytes`` and ``peak_bytes`` (all other values alive at the fullest moment) are
    what a GPU holds, ``received_bytes`` what it receives in collectives, ``capacity_bytes`` the memory it
    has.  A number of 2^63 or more is 2^63 - 1.  ``alone`` counts plans that were compiled one by one;
    ``shapes`` the distinct operators and collectives that were priced.
    """

    structure: tuple[str, ...]
    models: tuple[str, ...]
    sizes: tuple[tuple[int, ...], ...]
    refused: tuple[str, ...]
    picoseconds: Column
    compute_picoseconds: Column
    communication_picoseconds: Column
    weights_bytes: Column
    state_bytes: Column
    peak_bytes: Column
    received_bytes: Column
    capacity_bytes: Column
    alone: int
    shapes: tuple[int, int]

    @property
    def headline(self) -> str:
        """How many plans there are, and how many of them can be followed and fit."""
        refused = sum(map(bool, self.refused))
        return f"{len(self.sizes)} plans: {int(self.fits.sum())} fit, {refused} refused"

    def card(self) -> Card:
        """The fastest plans that fit, and what they take."""
        fitting = np.flatnonzero(self.fits)
        fastest = fitting[np.argsort(self.picoseconds[fitting], kind="stable")]
        table = Listing(
            columns=("fastest that fit", "mesh", "time of a step", "memory of a GPU", "received"),
            rows=[self._row(int(index)) for index in fastest],
            where="to_dict()",
        )
        return Card(title=self.headline, tables=(table,) if fitting.size else ())

    def _row(self, index: int) -> tuple[str, ...]:
        needed, capacity = int(self.needed_bytes[index]), int(self.capacity_bytes[index])
        return (
            self.structure[index],
            " x ".join(map(str, self.sizes[index])),
            seconds_text(int(self.picoseconds[index])),
            f"{byte_text(needed)} of {byte_text(capacity)}",
            byte_text(int(self.received_bytes[index])),
        )

    def to_dict(self) -> dict[str, list[Any]]:
        """The columns by name, one entry per plan, as plain values; what a data frame is made of."""
        named = {name: getattr(self, name) for name in attrs.fields_dict(Evaluation)}
        columns = {
            name: column.tolist() if isinstance(column, np.ndarray) else [*column]
            for name, column in named.items()
            if name not in {"alone", "shapes"}
        }
        return columns | {"needed_bytes": self.needed_bytes.tolist(), "fits": self.fits.tolist()}

    @property
    def needed_bytes(self) -> Column:
        """What a GPU must hold."""
        return _sum(_sum(self.weights_bytes, self.state_bytes), self.peak_bytes)

    @property
    def fits(self) -> Mask:
        """Whether that finds room; False where a plan is refused."""
        followed = np.array([not code for code in self.refused], dtype=bool)
        needed = self.needed_bytes
        return followed & (needed <= self.capacity_bytes) & (needed < LARGEST)


def _sum(one: Column, other: Column) -> Column:
    """Numbers from 0 on added up; what is too large for a column is the largest number that it holds."""
    return np.where(other > LARGEST - one, LARGEST, one + other)


def evaluate(
    path: str | PathLike[str],
    table: Table,
    *,
    cluster: str | None = None,
    model: str | None = None,
    phase: str | None = None,
    settings: Mapping[str, int] | None = None,
) -> Evaluation:
    """Time, memory and traffic of many plans of a ``.hx`` file.

    ``table`` has, for plans of the file by name, rows with the sizes of its mesh axes in their order.
    Raises ``HelixError`` where the file itself is wrong, ``ValueError`` where a row has no sizes for an axis.
    """
    with explained():
        sources = load_path(Path(path))
        return evaluate_sources(
            sources, table, cluster=cluster, model=model, phase=phase, settings=settings
        )


def evaluate_sources(
    sources: Sources,
    table: Table,
    *,
    cluster: str | None = None,
    model: str | None = None,
    phase: str | None = None,
    settings: Mapping[str, int] | None = None,
) -> Evaluation:
    """As ``evaluate``, for sources that are loaded already."""
    prices: dict[str, Prices] = {}
    found: dict[str, _Part] = {}
    for orders in structures(sources, table):
        program, passes, logical = _elaborated(
            sources, make_choice(model, next(iter(orders)), cluster, settings, phase)
        )
        written = tuple(axis.name for axis in program.plan.axes)
        meshes: list[Axes] = []
        rows: dict[str, slice] = {}
        for plan, names in orders.items():
            start = len(meshes)
            meshes += _meshes(plan, names or written, table[plan])
            rows[plan] = slice(start, len(meshes))
        shared = prices.setdefault(program.cluster.name, Prices(program.cluster))
        evaluator = StructureEvaluator(_strict(program), passes, logical, shared, meshes)
        results = evaluator.evaluate()
        found.update((plan, _Part(program, results, rows[plan])) for plan in orders)
    return _together(table, found, list(prices.values()))


@attrs.frozen(eq=False)
class _Part:
    """The rows of one plan of the file among the results of its structure."""

    program: Logical
    results: Results
    rows: slice


def _elaborated(sources: Sources, choice: Choice) -> tuple[Logical, Sequence[AnyPass], int]:
    """The program of a choice, the passes from there, and how many of them are at the logical level."""
    before = to_logical(choice)
    program = lower(sources, before[:1])[-1][1]
    if not isinstance(program, Logical):
        raise CompilerBug("elaboration has not yielded the logical level")
    return program, to_spmd(choice)[1:], len(before) - 1


def _meshes(plan: str, names: Sequence[str], rows: Sequence[Sequence[int]]) -> list[Axes]:
    for row in rows:
        if len(row) != len(names) or any(size < 1 for size in row):
            raise ValueError(f"plan {plan} has the axes {', '.join(names)}; a row says {row}")
    return [tuple(map(Axis, names, map(int, row))) for row in rows]


def _strict(program: Logical) -> Logical:
    """The program with ``strict`` in the outermost block of its plan."""
    first, *rest = program.plan.blocks
    strict = attrs.evolve(first, lines=(*first.lines, Strict()))
    return attrs.evolve(program, plan=attrs.evolve(program.plan, blocks=(strict, *rest)))


def _together(table: Table, found: Mapping[str, _Part], prices: list[Prices]) -> Evaluation:
    parts = [found[plan] for plan in table]
    nothing = np.zeros(0, dtype=np.int64)
    columns = {
        name: np.concatenate([nothing, *(one.results.columns[name][one.rows] for one in parts)])
        for name in COLUMNS
    }
    memories = [min(part.program.cluster.gpu.memory_bytes, LARGEST) for part in parts]
    return Evaluation(
        structure=tuple(plan for plan, rows in table.items() for _ in rows),
        models=tuple(found[plan].program.name for plan, rows in table.items() for _ in rows),
        sizes=tuple(tuple(map(int, row)) for rows in table.values() for row in rows),
        refused=tuple(code for part in parts for code in part.results.refused[part.rows]),
        capacity_bytes=np.repeat(
            np.array(memories, dtype=np.int64), [len(rows) for rows in table.values()]
        ),
        alone=sum({id(part.results): part.results.alone for part in parts}.values()),
        shapes=(
            sum(one.operators.shapes for one in prices),
            sum(one.steps.shapes for one in prices),
        ),
        **columns,
    )
