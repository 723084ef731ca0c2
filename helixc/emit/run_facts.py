"""What a timeline says of a statement, alike on all GPUs and turns; and what it calls turns."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.analysis.collectives import axis_names, kind_of, move_bytes, step_atoms, step_name
from helixc.analysis.critical_path import SLICES
from helixc.analysis.layers import LayerMap
from helixc.analysis.names import value_names
from helixc.analysis.numbers_text import byte_text, interval_text
from helixc.analysis.timeline import Turns
from helixc.diagnostics import NOWHERE, Span
from helixc.emit.wording import value_text
from helixc.ir.device import local_shapes
from helixc.ir.spmd import Compute, Move, Spmd, walk
from helixc.price.interval import Price


@attrs.frozen(kw_only=True)
class RunFact:
    """A statement: its title for people, and details by name."""

    title: str
    details: Mapping[str, object]


class RunFacts:
    """The facts of every statement of a program, each worked out once."""

    def __init__(self, program: Spmd, prices: Mapping[str, Price], layers: LayerMap) -> None:
        self._program = program
        self._prices = prices
        self._layers = layers
        self._names = value_names(program)
        self._sizes = local_shapes(program)
        self._statements = {
            s.result: s for s in walk(program.body) if isinstance(s, (Compute, Move))
        }
        self._known: dict[str, RunFact] = {}

    def of(self, value: str) -> RunFact:
        """The facts of the statement that yields a value."""
        if value not in self._known:
            self._known[value] = self._work_out(self._statements[value])
        return self._known[value]

    def _work_out(self, statement: Compute | Move) -> RunFact:
        value, price = statement.result, self._prices[statement.result]
        kind = _kind(statement)
        layout, shares = self._program.layouts[value], self._program.sizes.shares
        block = value_text(value, statement.type.dtype, self._sizes[value], layout, shares)
        details: dict[str, object] = {
            "layer": self._layers.layer(value).title,
            "yields": block,
            "time": interval_text(price.picoseconds, price.low, price.high),
            "bound": price.bound,
            "constants": price.source,
        }
        if isinstance(statement, Move):
            details |= self._of_move(statement)
        line = source_text(
            statement.op.span if isinstance(statement, Compute) else statement.why.line
        )
        if line:
            details["written at"] = line
        return RunFact(title=_title(kind, self._names[value]), details=details)

    def _of_move(self, move: Move) -> Mapping[str, object]:
        if not kind_of(move.step):
            return {}
        program = self._program
        atoms = step_atoms(move.step, program.layouts[move.source], program.mesh)
        return {
            "over": ", ".join(axis_names(atoms, program.mesh)),
            "members": program.mesh.ways(atoms),
            "received per GPU": byte_text(move_bytes(move, program)),
            "algorithm": move.algorithm,
            "why": move.why.text,
        }


def _kind(statement: Compute | Move) -> str:
    if isinstance(statement, Compute):
        return statement.op.kind
    return step_name(statement.step).replace("_", "-")


def _title(kind: str, name: str) -> str:
    """``matmul q``; a value without a name of its own is called after its operator already."""
    return name if kind in name.split(".") else f"{kind} {name}"


def source_text(span: Span) -> str:
    """``examples/a.hx:12:5``; "" for what stands nowhere."""
    return "" if span == NOWHERE else f"{span.file}:{span.line}:{span.column}"


def turns_text(turns: Turns, program: Spmd) -> str:
    """``layer 3``, or ``layer 2 to 78 (x 77)`` where these are not told one by one."""
    if turns.scope == SLICES:
        name, first = f"slice of {program.slices.dim}" if program.slices else "slice", 0
    else:
        scope = program.scopes[turns.scope]
        name, first = scope.name, scope.first
    low, high = first + turns.first, first + turns.last
    if turns.told:
        return f"{name} {low}"
    return (
        f"{name} {low} to {high} (x {high - low + 1})"
        if high > low
        else f"{name} {low} (as before)"
    )
