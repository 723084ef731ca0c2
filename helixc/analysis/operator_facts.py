"""One operator of a program: its way, its sizes on one GPU, its time, and the lines that hold its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from helixc.analysis.collectives import Alternative
from helixc.analysis.critical_path import find_critical_path
from helixc.analysis.layers import Layer, LayerMap, find_layers
from helixc.analysis.local_compute import local_compute
from helixc.analysis.names import value_names
from helixc.analysis.passed_over import alternatives_of
from helixc.analysis.prices import StatementPrice, default_prices
from helixc.analysis.products import time_term
from helixc.choice.alternatives import OtherWays, describe
from helixc.choice.planning import Planning, plan_layouts
from helixc.choice.reasons import layout_words
from helixc.diagnostics import Findings, Span
from helixc.ir.logical import Logical
from helixc.ir.ops import Fused
from helixc.ir.spmd import Compute, Spmd, walk
from helixc.price.interval import Price

# Operators of one name that are told about.
MOST_OPERATORS = 8


@attrs.frozen(kw_only=True)
class OperatorFacts:
    """Everything about one operator; times and work are of one run.

    ``sizes``: of its dimensions on one GPU.  ``repeated``: GPUs that do the very same.  ``reads``: each
    operand's name and layout.  ``held``: for each mesh axis of the result's layout that a line of the plan
    holds, the axis and the line.  ``planned``: the layout that the plan gives the result.
    """

    value: str
    name: str
    layer: Layer
    kind: str
    source: Span
    runs: int
    way: str
    sizes: tuple[tuple[str, int], ...]
    repeated: int
    kernel: str
    flops: int
    bytes: int
    price: Price
    reads: tuple[tuple[str, str], ...]
    layout: str
    planned: str
    held: tuple[tuple[str, Span], ...]
    alternatives: tuple[Alternative, ...]


@attrs.frozen(kw_only=True)
class OperatorsFound:
    """The operators that go by one name, the first of them if there are many; ``found`` counts all.

    ``program_picoseconds``: all work and communication of the program one after the other.
    """

    operators: tuple[OperatorFacts, ...]
    found: int
    program_picoseconds: int


def operator_names(program: Spmd) -> tuple[str, ...]:
    """What operators can be asked for by: the value's name, with its layer too."""
    layers, names = find_layers(program), value_names(program)
    every = (
        name
        for statement in walk(program.body)
        if isinstance(statement, Compute)
        for name in _goes_by(statement, layers, names)
    )
    return tuple(dict.fromkeys(every))


def find_operators(chosen_from: Logical, program: Spmd, wanted: str) -> OperatorsFound:
    """The operators of ``program``, partitioned from ``chosen_from``, that go by the name ``wanted``."""
    layers, names = find_layers(program), value_names(program)
    meant = [
        statement
        for statement in walk(program.body)
        if isinstance(statement, Compute) and wanted in _goes_by(statement, layers, names)
    ]
    planning, price = plan_layouts(chosen_from, Findings()), default_prices(program)
    ways = OtherWays(chosen_from, planning)
    view = _View(chosen_from, program, planning, ways, layers, price)
    return OperatorsFound(
        operators=tuple(map(view.facts, meant[:MOST_OPERATORS])),
        found=len(meant),
        program_picoseconds=find_critical_path(program).busy_picoseconds,
    )


def _goes_by(statement: Compute, layers: LayerMap, names: Mapping[str, str]) -> Iterator[str]:
    """The names of what an operator makes; a kernel also goes by those of the values inside it."""
    title, params = layers.layer(statement.result).title, statement.op.params
    inside = params.body[:-1] if isinstance(params, Fused) else ()
    for result in (statement.result, *(member.result for member in inside)):
        yield from (result, names[result], f"{title}.{names[result]}")


@attrs.frozen
class _View:
    chosen_from: Logical
    program: Spmd
    planning: Planning
    ways: OtherWays
    layers: LayerMap
    price: StatementPrice

    def facts(self, statement: Compute) -> OperatorFacts:
        """What there is to say about one operator."""
        value, op = statement.result, statement.op
        local = local_compute(statement, self.program)
        names = value_names(self.program)
        layouts = self.program.layouts
        planned = self.planning.layouts.get(value)
        made = value in self.chosen_from.makers and bool(op.reads)
        return OperatorFacts(
            value=value,
            name=names[value],
            layer=self.layers.layer(value),
            kind=op.kind,
            source=op.span,
            runs=self.layers.runs[value],
            way=describe(statement.way, op),
            sizes=tuple(local.local.items()),
            repeated=local.repeated,
            kernel=time_term(statement, self.program),
            flops=local.work.flops,
            bytes=local.work.bytes,
            price=self.price(statement),
            reads=tuple((names[read], layout_words(layouts[read])) for read in op.reads),
            layout=layout_words(statement.layout),
            planned="" if planned is None else layout_words(planned),
            held=tuple(self._held(statement)),
            alternatives=self._alternatives(value) if made else (),
        )

    def _alternatives(self, value: str) -> tuple[Alternative, ...]:
        return alternatives_of(value, self.ways, self.program)

    def _held(self, statement: Compute) -> Iterator[tuple[str, Span]]:
        for atom in sorted(statement.layout.used, key=self.program.mesh.order.__getitem__):
            holder = self.planning.holders.get((statement.result, atom))
            if holder is not None:
                yield atom, holder.span
