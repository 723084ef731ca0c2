"""Finds what moves on from one step of a model to the next (``ir.advance``).

A program says where states are filled as a number, and other numbers follow from it: bounds of masks, angles.
Which ones is found by writing the model once more for a step before: every dimension stays but the one that
says where.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.compiler import Compilation, lower
from helixc.diagnostics import HelixError
from helixc.elaborate.choice import Choice
from helixc.ir.advance import STILL, Advance, fills, moved
from helixc.ir.logical import Logical, Op, walk
from helixc.ir.ops import Cut, Number
from helixc.pipeline import elaborate_pass


def find_advance(compilation: Compilation) -> Advance:
    """What moves with the place where states are filled; nothing where no dimension says that place."""
    model = compilation.logical
    cuts = [op.params for op in fills(model) if isinstance(op.params, Cut)]
    if not cuts or min(cut.start for cut in cuts) < 1:
        return STILL
    for name in _names(model, cuts[0].start):
        before = _before(compilation, name, cuts[0].start - 1)
        found = None if before is None else _difference(model, before)
        if found is not None:
            return found
    return STILL


def _names(model: Logical, start: int) -> Iterator[str]:
    """The dimensions of the model that may say the place: as large as it, or those of no value."""
    for dim in model.scopes[0].dims:
        if not dim.leaves or (dim.leaves == (dim.name,) and model.sizes[dim.name] == start):
            yield dim.name


def _before(compilation: Compilation, name: str, size: int) -> Logical | None:
    """The model where a dimension is that large and no other has changed; None if there is no such model."""
    model = compilation.logical
    sizes = {d.name: model.sizes[d.name] for d in model.scopes[0].dims if d.leaves == (d.name,)}
    settings = tuple({**dict(compilation.choice.settings), **sizes, name: size}.items())
    return _elaborated(compilation, attrs.evolve(compilation.choice, settings=settings))


def _elaborated(compilation: Compilation, choice: Choice) -> Logical | None:
    try:
        ((_, program),) = lower(compilation.source, (elaborate_pass(choice),))
    except HelixError:
        return None
    return program if isinstance(program, Logical) else None


def _difference(model: Logical, before: Logical) -> Advance | None:
    """What has to move to get from one program to the one before; None if they differ in more than that."""
    old = {s.result: s for s in walk(before.body) if isinstance(s, Op)}
    numbers: dict[str, dict[int, int]] = {}
    starts: set[str] = set()
    for op in (s for s in walk(model.body) if isinstance(s, Op)):
        other = old.get(op.result)
        if other is None or len(other.operands) != len(op.operands):
            return None
        pairs = enumerate(zip(op.operands, other.operands, strict=True))
        grown = {
            i: round(a.value - b.value)
            for i, (a, b) in pairs
            if isinstance(a, Number) and isinstance(b, Number) and a.value != b.value
        }
        if grown:
            numbers[op.result] = grown
        if op.params != other.params:
            starts.add(op.result)
    found = Advance(numbers, frozenset(starts))
    return found if starts and _plain(moved(model, found, -1)) == _plain(before) else None


def _plain(program: Logical) -> object:
    """A program without what says only where it is written, and without the dimension that moves."""
    return program.body, program.outputs
