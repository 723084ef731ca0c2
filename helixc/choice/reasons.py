"""Why data moves: the sentence and the line of the plan behind a reshard."""

from __future__ import annotations

from helixc.choice.planning import Planning
from helixc.diagnostics import Span
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical, Op
from helixc.ir.plan import Shard
from helixc.ir.spmd import Why


def reason(
    value: str,
    source: Layout,
    target: Layout,
    reader: Op | None,
    program: Logical,
    planning: Planning,
) -> Why:
    """Why ``value`` goes from ``source`` to ``target``: who needs it so, and which line is behind it."""
    moved = _moved(source, target)
    who = _reader_words(reader, value)
    held = f"{_words(source)}; {who} {_words(target)}"
    name = value if reader is None else reader.result
    line = _line(moved, (value, name), program, planning)
    return Why(
        value=value,
        reader="" if reader is None else reader.result,
        text=f"`{_plain(value, program)}` is {held}",
        line=line,
    )


def _moved(source: Layout, target: Layout) -> list[str]:
    atoms = sorted(source.used | target.used)
    return [
        a
        for a in atoms
        if (source.dim_of(a), a in source.partial) != (target.dim_of(a), a in target.partial)
    ] or atoms


def _line(atoms: list[str], values: tuple[str, ...], program: Logical, planning: Planning) -> Span:
    """The line of the plan that holds one of these atoms: on the values, or on what made them."""
    makers = [program.makers[value] for value in values if value in program.makers]
    near = [*values, *(operand for op in makers for operand in op.reads)]
    for value in near:
        for atom in atoms:
            holder = planning.holders.get((value, atom))
            if holder is not None:
                return holder.span
    axes = {atom.axis for atom in planning.mesh.atoms if atom.name in atoms}
    for block in program.plan.blocks:
        for line in block.lines:
            if isinstance(line, Shard) and axes & set(line.axes):
                return line.span
    return program.plan.span


def _reader_words(reader: Op | None, value: str) -> str:
    if reader is None:
        return "at rest it is"
    if reader.result == value:
        return "the plan holds it"
    name = f" that makes `{reader.home.name}`" if reader.home.name else ""
    return f"the {reader.kind}{name} needs it"


def _words(layout: Layout) -> str:
    parts = [f"split on {dim} over {', '.join(atoms)}" for dim, atoms in layout.split]
    if layout.partial:
        parts.append(f"a partial {layout.kind} over {', '.join(layout.partial)}")
    return " and ".join(parts) if parts else "whole"


def _plain(value: str, program: Logical) -> str:
    """The name in the source, where the value has one."""
    op = program.makers.get(value)
    return op.home.name if op is not None and op.home.name else value
