"""The statements of a program as rows of a page: what each does, alike on all GPUs and in all turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helixc.analysis.collectives import kind_of, step_name
from helixc.analysis.numbers_text import interval_text, seconds_text
from helixc.analysis.timed_program import TimedProgram
from helixc.analysis.timeline import path_values
from helixc.analysis.uses import reads_of
from helixc.diagnostics import NOWHERE, Span
from helixc.emit.run_facts import RunFacts, source_text
from helixc.emit.wording import step_meaning, value_text
from helixc.ir.device import group_atoms, local_shapes
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Move, Spmd, walk

Row = dict[str, Any]
Texts = Mapping[str, str]

# The longest line of a source that a page quotes.
_LINE_CHARACTERS = 400

_FAMILIES: Mapping[str, str] = {
    "matmul": "product",
    "members": "kernel",
    "free": "free",
    "source": "free",
}


def page_rows(timed: TimedProgram, texts: Texts) -> list[Row]:
    """A row for every statement but the weights, in program order."""
    return _Rows(timed, texts).all()


def source_line(span: Span, texts: Texts) -> Row | None:
    """Where something is written, and the line itself; None for nowhere."""
    if span == NOWHERE:
        return None
    lines = texts.get(span.file, "").split("\n")
    line = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
    return {"at": source_text(span), "line": line.strip()[:_LINE_CHARACTERS]}


class _Rows:
    def __init__(self, timed: TimedProgram, texts: Texts) -> None:
        self._program: Spmd = timed.program
        self._prices = timed.schedule.prices
        self._layers = timed.layers
        self._texts = texts
        self._facts = RunFacts(timed.program, timed.schedule.prices, timed.layers)
        self._sizes = local_shapes(timed.program)
        self._path = path_values(timed.path.steps)

    def all(self) -> list[Row]:
        """The rows."""
        return [
            self._row(statement)
            for statement in walk(self._program.body)
            if isinstance(statement, (Compute, Move))
            and statement.result not in self._program.stored
        ]

    def _row(self, statement: Compute | Move) -> Row:
        value, price = statement.result, self._prices[statement.result]
        span = statement.op.span if isinstance(statement, Compute) else statement.why.line
        own = self._move(statement) if isinstance(statement, Move) else self._compute(statement)
        return {
            "value": value,
            "title": self._facts.of(value).title,
            "layer": self._layers.of[value],
            "time": seconds_text(price.picoseconds) if price.picoseconds else "",
            "range": interval_text(price.picoseconds, price.low, price.high),
            "bound": price.bound,
            "constants": price.source,
            "path": value in self._path,
            "in": [self._value(read) for read in reads_of(statement)],
            "out": self._value(value),
            "source": source_line(span, self._texts),
            **own,
        }

    def _value(self, value: str) -> str:
        dtype, layout = self._program.types[value].dtype, self._program.layouts[value]
        shares = self._program.sizes.shares
        text = value_text(value, dtype, self._sizes[value], layout, shares)
        kept = self._program.stored.get(value)
        return f"{kept} {text}" if kept else text

    @staticmethod
    def _compute(statement: Compute) -> Row:
        family = _FAMILIES.get(OPS[statement.op.kind].work, "other")
        return {"kind": statement.op.kind, "family": family, "atoms": None}

    def _move(self, move: Move) -> Row:
        program = self._program
        atoms = group_atoms(program, move.step, program.layouts[move.source])
        name = step_name(move.step)
        if atoms is None:
            return {
                "kind": name,
                "family": "free" if not kind_of(move.step) else "other",
                "atoms": None,
            }
        details = self._facts.of(move.result).details
        return {
            "kind": name,
            "family": "collective",
            "atoms": list(atoms),
            "does": step_meaning(
                move.step, program.mesh.ways(atoms), program.layouts[move.source].kind
            ),
            "received": details["received per GPU"],
            "over": details["over"],
            "algorithm": move.algorithm,
            "why": move.why.text,
        }
