"""Why data moves: the sentence and the line of the plan behind a reshard."""

from __future__ import annotations

from helixc.choice.planning import Planning
from helixc.diagnostics import Span
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical, Op
from helixc.ir.plan import Shard, Store
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
    if source.turned:
        return _passed_on(value, source, program, planning)
    moved = _moved(source, target)
    who = _reader_words(reader, value)
    held = f"{layout_words(source)}; {who} {layout_words(target)}"
    name = value if reader is None else reader.result
    line = _line(moved, (value, name), program, planning)
    return Why(
        value=value,
        reader="" if reader is None else reader.result,
        text=f"`{_plain(value, program)}` is {held}",
        line=line,
    )


def _passed_on(value: str, source: Layout, program: Logical, planning: Planning) -> Why:
    """Why blocks that are turned change places: each GPU passes its own on."""
    dims = [dim for dim, _ in source.turned]
    atoms = [(atom, dim) for dim in dims for atom in source.atoms_of(dim)]
    return Why(
        value=value,
        reader="",
        text=f"`{_plain(value, program)}` goes round: each GPU passes its block on to the next",
        line=_line(atoms, (value,), program, planning),
    )


def _moved(source: Layout, target: Layout) -> list[tuple[str, str]]:
    """The atoms that change their place, each with a dimension that it leaves or enters."""
    atoms = sorted(source.used | target.used)
    changed = [
        a
        for a in atoms
        if (source.dim_of(a), a in source.partial) != (target.dim_of(a), a in target.partial)
    ]
    return [(a, source.dim_of(a) or target.dim_of(a) or "") for a in changed or atoms]


def _line(
    moved: list[tuple[str, str]], values: tuple[str, ...], program: Logical, planning: Planning
) -> Span:
    """The line of the plan behind a move of these atoms, on the dimensions that they leave or enter.

    It is looked for on the values, then on what made them; one that speaks of the dimension comes first.
    """
    stored = [planning.holders.get((values[0], atom)) for atom, _ in moved]
    for holder in stored:
        if isinstance(holder, Store):
            return holder.span
    makers = [program.makers[value] for value in values if value in program.makers]
    near = [*values, *(operand for op in makers for operand in op.reads)]
    held = [
        (holder, dim)
        for value in near
        for atom, dim in moved
        if (holder := planning.holders.get((value, atom))) is not None
    ]
    for holder, dim in held:
        if isinstance(holder, Store):
            continue  # it speaks of one weight alone
        if isinstance(holder, Shard) and any(dim in ref.leaves for ref in holder.dims):
            return holder.span
    others = [holder for holder, _ in held if not isinstance(holder, Store)]
    if others:
        return others[0].span
    axes = {atom.axis for atom in planning.mesh.atoms if atom.name in dict(moved)}
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


def layout_words(layout: Layout) -> str:
    """``split on head over tp and a partial sum over m``."""
    places = {dim: f" (turned by {count})" for dim, count in layout.turned}
    parts = [
        f"split on {dim} over {', '.join(atoms)}{places.get(dim, '')}"
        for dim, atoms in layout.split
    ]
    if layout.partial:
        parts.append(f"a partial {layout.kind} over {', '.join(layout.partial)}")
    return " and ".join(parts) if parts else "whole"


def _plain(value: str, program: Logical) -> str:
    """The name in the source, where the value has one."""
    op = program.makers.get(value)
    return op.home.name if op is not None and op.home.name else value
