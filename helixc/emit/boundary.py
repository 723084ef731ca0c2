"""What crosses the edge of a drawing: values that come from outside, and values that go there."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.ir.device import DeviceProgram, Template
from helixc.ir.ops import OPS
from helixc.ir.sources import Piece, SourceFinder
from helixc.ir.spmd import Compute, Move

Instance = tuple[int, tuple[int, ...]]


@attrs.frozen
class _Reader:
    """A template that reads a source, on a box of turns; whether it is drawn at all."""

    template: Template
    piece: Piece
    drawn: bool


class Boundary:
    """Tells which templates, on which turns, are in a drawing, and which values leave it."""

    def __init__(self, device: DeviceProgram, finder: SourceFinder) -> None:
        selection = device.selection
        self._kept = {scope: frozenset(turns) for scope, turns in selection.turns}
        self._values = None if selection.values is None else frozenset(selection.values)
        self._templates = device.templates
        self._outputs = frozenset(self._output_sources(device, finder))
        self._states = frozenset(_new_states(device))
        self._readers: dict[int, list[_Reader]] = {}
        for template in device.templates:
            for value in template.reads:
                for piece in finder.pieces(template, value):
                    reader = _Reader(template, piece, self._drawn(template))
                    self._readers.setdefault(piece.source, []).append(reader)

    def has(self, instance: Instance) -> bool:
        """Whether a template on a turn is drawn."""
        index, turns = instance
        template = self._templates[index]
        kept = (
            loop.scope not in self._kept or turn in self._kept[loop.scope]
            for loop, turn in zip(template.loops, turns, strict=True)
        )
        return self._drawn(template) and all(kept)

    def fate(self, instance: Instance) -> str:
        """What a value comes to beside being read in the drawing: "output", "leaves", "kept", "unused" or ""."""
        index, turns = instance
        if instance in self._outputs:
            return "output"
        readers = self._readers.get(index, ())
        if any(self._read_outside(reader, turns) for reader in readers):
            return "leaves"
        if any(_reads(reader, turns) for reader in readers):
            return ""
        return "kept" if self._templates[index].value in self._states else "unused"

    def _drawn(self, template: Template) -> bool:
        return self._values is None or template.value in self._values

    def _read_outside(self, reader: _Reader, turns: tuple[int, ...]) -> bool:
        """Whether a reader has a turn outside the drawing on which it reads this turn's value."""
        outside = not reader.drawn
        for depth, (loop, (low, high)) in enumerate(
            zip(reader.template.loops, reader.piece.box, strict=True)
        ):
            kept = self._kept.get(loop.scope)
            turn = _follower(reader, turns, depth)
            read = range(low, high) if turn is None else (turn,)
            outside = outside or (kept is not None and any(t not in kept for t in read))
        return outside and _reads(reader, turns)

    @staticmethod
    def _output_sources(device: DeviceProgram, finder: SourceFinder) -> Iterator[Instance]:
        for output in device.program.outputs:
            yield finder.source_of(output.value)


def _new_states(device: DeviceProgram) -> Iterator[str]:
    """The values that the next step sees as states, in the layouts in which they come to lie."""
    found: set[str] = set()
    for template in device.templates:
        statement = template.statement
        made = isinstance(statement, Compute) and OPS[statement.op.kind].rests
        if made or (isinstance(statement, Move) and statement.source in found):
            found.add(statement.result)
            yield statement.result


def _reads(reader: _Reader, turns: tuple[int, ...]) -> bool:
    """Whether a reader has any turn on which it reads this turn's value."""
    fixed = (
        t.follows or t.shift == turn for t, turn in zip(reader.piece.turns, turns, strict=True)
    )
    followers = (_follower(reader, turns, depth) for depth in range(len(reader.piece.box)))
    return all(fixed) and all(
        turn is None or low <= turn < high
        for turn, (low, high) in zip(followers, reader.piece.box, strict=True)
    )


def _follower(reader: _Reader, turns: tuple[int, ...], depth: int) -> int | None:
    """The turn of the reader's loop at ``depth`` that goes with this turn; None: any."""
    if depth < len(turns) and reader.piece.turns[depth].follows:
        return turns[depth] - reader.piece.turns[depth].shift
    return None
