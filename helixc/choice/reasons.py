"""Why data moves: the sentence and the line of the plan behind a reshard."""

from __future__ import annotations

from helixc.choice.planning import Planning
from helixc.diagnostics import NOWHERE, Span
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical, Op
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
    line = _line(moved, (value, name), planning, program.plan.span)
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


def _line(atoms: list[str], values: tuple[str, ...], planning: Planning, default: Span) -> Span:
    for value in values:
        for atom in atoms:
            holder = planning.holders.get((value, atom))
            if holder is not None:
                return holder.span
    for (_, atom), holder in sorted(planning.holders.items(), key=lambda item: item[0]):
        if atom in atoms:
            return holder.span
    return default if default != NOWHERE else NOWHERE


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
