"""The plan as a picture: every tensor with its dimensions and the mesh atoms that divide each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helixc.analysis.buffers import block_bytes
from helixc.analysis.names import value_names
from helixc.analysis.numbers_text import byte_text
from helixc.analysis.timed_program import TimedProgram
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Move, walk


def tensor_rows(timed: TimedProgram) -> Iterator[dict[str, Any]]:
    """Each tensor once, in program order: what is given, kept or computed, and what collectives make of it."""
    program = timed.program
    names = value_names(program)
    for statement in walk(program.body):
        if not isinstance(statement, (Compute, Move)):
            continue
        value = statement.result
        layout, type_ = program.layouts[value], program.types[value]
        yield {
            "name": names[value],
            "value": value,
            "what": _what(statement),
            "layer": timed.layers.of[value],
            "dtype": type_.dtype,
            "size": byte_text(block_bytes(value, program)),
            "dims": [
                {"name": dim, "size": program.sizes[dim], "atoms": list(layout.atoms_of(dim))}
                for dim in type_.dims
            ],
            "partial": list(layout.partial),
            "combine": layout.kind,
        }


def _what(statement: Compute | Move) -> str:
    """``weight``, ``input``, or what makes it: ``computed`` or ``moved``."""
    if isinstance(statement, Move):
        return "moved"
    return statement.op.kind if OPS[statement.op.kind].work == "source" else "computed"
