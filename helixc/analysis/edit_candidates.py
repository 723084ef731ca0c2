"""Edits of a plan that may make it faster, made from its own lines: general, and none is tried here.

For each line that a collective blames: drop it, say it further out or in other layers too, take it back
where the collective is, narrow it, widen it, another way.  For each value that moves: hold it as it is
read.  The axes of the mesh may change places.  The lines of the dearest collectives take turns, so that a bound on the number is fair to them.
No edit changes what is computed: ``local`` lines are neither added nor dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import attrs

from helixc.analysis.plan_text import Edit, PlanText
from helixc.diagnostics import Span
from helixc.ir.plan import WAYS
from helixc.ir.source import InBlock, MeshLine, PlanLine, ShardLine, WordsLine

# Lines of a word that say how values are held, and may be dropped.
_DROPPED = ("replicate", "pad", "store", "strict", "keep", "partial")


@attrs.frozen(kw_only=True)
class Cause:
    """What one collective offers to change, dearest collective first.

    ``line``: the line of the plan that asks for it.  ``layers``: the names of the layers around it.
    ``held``: blocks that hold the value that moves as it is read.
    """

    line: Span
    layers: tuple[str, ...]
    held: tuple[str, ...]


@attrs.frozen
class _Spot:
    """A line where it stands: the blocks around it, outermost first."""

    line: ShardLine | WordsLine
    around: tuple[InBlock, ...]


def edit_candidates(
    text: PlanText, causes: Sequence[Cause], layers: Sequence[str]
) -> Iterator[Edit]:
    """The edits, those of the dearest causes first; ``layers``: the names of all layers."""
    spots = list(_spots(text.plan.lines, ()))
    editor = _Editor(text, layers)
    queues: list[Iterator[Edit]] = []
    asked: dict[Span, list[Cause]] = {}
    for cause in causes:
        queues.append(map(editor.added, cause.held))
        asked.setdefault(cause.line, []).append(cause)
    by_span = {spot.line.span: spot for spot in spots}
    ranked = [span for span in asked if span in by_span]
    for span in dict.fromkeys((*ranked, *by_span)):
        near = [layer for cause in asked.get(span, ()) for layer in cause.layers]
        queues.append(editor.edits(by_span[span], tuple(dict.fromkeys(near))))
    queues += [editor.reordered(line) for line in text.plan.lines if isinstance(line, MeshLine)]
    return _unlike(_in_turns(queues), text.text)


def _spots(lines: Iterable[PlanLine], around: tuple[InBlock, ...]) -> Iterator[_Spot]:
    for line in lines:
        if isinstance(line, InBlock):
            yield from _spots(line.lines, (*around, line))
        elif isinstance(line, ShardLine) or (
            isinstance(line, WordsLine) and line.keyword in _DROPPED
        ):
            yield _Spot(line, around)


def _in_turns(queues: Iterable[Iterator[Edit]]) -> Iterator[Edit]:
    """The first of each queue, then the second of each, and so on."""
    left = list(queues)
    while left:
        still: list[Iterator[Edit]] = []
        for queue in left:
            edit = next(queue, None)
            if edit is not None:
                yield edit
                still.append(queue)
        left = still


def _unlike(edits: Iterable[Edit], text: str) -> Iterator[Edit]:
    """The edits that change a text, each result once."""
    seen = {text}
    for edit in edits:
        result = edit.apply(text)
        if result not in seen:
            seen.add(result)
            yield edit


class _Editor:
    """Makes the edits of one plan."""

    def __init__(self, text: PlanText, layers: Sequence[str]) -> None:
        self._text = text
        self._plan = text.plan
        self._layers = tuple(layers)
        meshes = [line for line in text.plan.lines if isinstance(line, MeshLine)]
        self._axes = tuple(axis.name.text for mesh in meshes for axis in mesh.axes)

    def added(self, block: str) -> Edit:
        """A block at the end of the plan."""
        new = self._text.at_end(self._plan, block)
        return Edit(what=f"add `{block}` at the end of the plan", replacements=(new,))

    def reordered(self, mesh: MeshLine) -> Iterator[Edit]:
        """The mesh with two of its axes in each other's place: other links carry what they move."""
        axes = [self._text.written(axis.span) for axis in mesh.axes]
        for first, second in combinations(range(len(axes)), 2):
            other = list(axes)
            other[first], other[second] = axes[second], axes[first]
            new = f"mesh {', '.join(other)}"
            yield Edit(
                what=f"write `{new}`: `{mesh.axes[first].name.text}` inside",
                replacements=(self._text.replaced(mesh.span, new),),
            )

    def edits(self, spot: _Spot, near: tuple[str, ...]) -> Iterator[Edit]:
        """The edits of one line; ``near``: the layers in which what it asks for is paid."""
        yield self._dropped(spot)
        if isinstance(spot.line, ShardLine):
            yield from self._further_out(spot)
            yield from self._taken_back(spot, spot.line, near)
            yield from self._narrower(spot, spot.line)
            yield from self._elsewhere(spot)
            yield from self._rewritten(spot, spot.line)

    def _dropped(self, spot: _Spot) -> Edit:
        gone = self._text.without(spot.line, spot.around)
        return Edit(what=f"drop {self._quoted(spot)}", replacements=(gone,))

    def _further_out(self, spot: _Spot) -> Iterator[Edit]:
        """The line in each block around its own, out to the whole plan."""
        written = self._text.written(spot.line.span)
        for depth in reversed(range(len(spot.around))):
            outer = spot.around[depth - 1] if depth else self._plan
            where = "the whole plan" if depth == 0 else f"`in {self._path(spot.around[depth - 1])}`"
            yield Edit(
                what=f"move {self._quoted(spot)} out to {where}",
                replacements=(
                    self._text.without(spot.line, spot.around),
                    self._text.among_own(outer, written),
                ),
            )

    def _elsewhere(self, spot: _Spot) -> Iterator[Edit]:
        """The line in each other layer too."""
        inside = {step.name.text for block in spot.around for p in block.paths for step in p.steps}
        if not spot.around:
            return
        written = self._text.written(spot.line.span)
        for layer in self._layers:
            if layer not in inside:
                yield from self._also_in(layer, written)

    def _also_in(self, layer: str, line: str) -> Iterator[Edit]:
        known = [
            block
            for block in self._plan.lines
            if isinstance(block, InBlock) and [self._path(block)] == [layer]
        ]
        if known:
            new = self._text.among_own(known[-1], line)
        else:
            new = self._text.at_end(self._plan, f"in {layer} {{ {line} }}")
        yield Edit(what=f"add `{line}` in `{layer}`", replacements=(new,))

    def _taken_back(self, spot: _Spot, line: ShardLine, near: Iterable[str]) -> Iterator[Edit]:
        """The line's dimensions whole again in the layers where it costs."""
        own = [self._path(block) for block in spot.around]
        names = ", ".join(name.text for name in line.dims)
        for layer in near:
            if layer not in own:
                yield self.added(f"in {layer} {{ replicate {names} }}")

    def _narrower(self, spot: _Spot, line: ShardLine) -> Iterator[Edit]:
        """The line without one of its dimensions, or without one of its axes."""
        dims, axes, via = _parts(line)
        for dim in dims if len(dims) > 1 else ():
            yield self._line(spot, [d for d in dims if d != dim], axes, via)
        for axis in axes if len(axes) > 1 else ():
            yield self._line(spot, dims, [a for a in axes if a != axis], via)

    def _rewritten(self, spot: _Spot, line: ShardLine) -> Iterator[Edit]:
        """Other ways, other orders, more axes and other axes."""
        dims, axes, via = _parts(line)
        for way in ("", *WAYS):
            if way != via:
                yield self._line(spot, dims, axes, way)
        if len(axes) > 1:
            yield self._line(spot, dims, axes[::-1], via)
        if len(dims) > 1:
            yield self._line(spot, dims[::-1], axes, via)
        free = [axis for axis in self._axes if axis not in axes]
        for axis in free:
            yield self._line(spot, dims, [*axes, axis], via)
        for axis in free if len(axes) == 1 else ():
            yield self._line(spot, dims, [axis], via)

    def _line(self, spot: _Spot, dims: Sequence[str], axes: Sequence[str], via: str) -> Edit:
        """Another line in the place of one."""
        new = f"shard {', '.join(dims)} over {', '.join(axes)}" + (f" via {via}" if via else "")
        replaced = self._text.replaced(spot.line.span, new)
        return Edit(what=f"write `{new}` for {self._quoted(spot)}", replacements=(replaced,))

    def _quoted(self, spot: _Spot) -> str:
        """``shard seq over tp` in `mlp``: a line and where it stands."""
        written = " ".join(self._text.written(spot.line.span).split())
        return f"`{written}`" + (f" in `{self._path(spot.around[-1])}`" if spot.around else "")

    def _path(self, block: InBlock) -> str:
        return ", ".join(self._text.written(path.span) for path in block.paths)


def _parts(line: ShardLine) -> tuple[list[str], list[str], str]:
    dims = [name.text for name in line.dims]
    axes = [name.text for name in line.axes]
    return dims, axes, "" if line.via is None else line.via.text
