"""Statements of a partitioned program as lines of a module's ``forward`` on whole tensors."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.ir.layout import Layout, Slice
from helixc.ir.ops import Op
from helixc.ir.spmd import Compute, Move
from helixc.pytorch.dtensor.expressions import OBSTACLES, makes_tensors, whole_text
from helixc.pytorch.dtensor.names import attribute
from helixc.pytorch.dtensor.placements import placements_text
from helixc.pytorch.lines import Writer, comment, converted
from helixc.pytorch.operand import Operand, Use
from helixc.pytorch.weights import input_name, is_weight

_WIDTH = 100
_INDENT = 8


@attrs.frozen
class Refused:
    """An operator that DTensor does not run as its work is split, and why."""

    op: Op
    split: Layout
    reason: str


@attrs.frozen(eq=False)
class WholeWriter(Writer):
    """Writes statements on whole tensors; a step becomes a change of placements.

    ``refused`` collects the operators that cannot be written so.  ``checked``: after each statement stands
    a line that checks where its result lies.
    """

    refused: list[Refused] = attrs.field(factory=list[Refused])
    checked: bool = False

    def compute(self, statement: Compute, position: int) -> Iterator[str]:
        """The lines of an operator."""
        op = statement.op
        if is_weight(statement):
            text = f"{self.place(op.scope)}.{attribute(op.home.name)}"
            yield from self.assigned(text, statement, position)
        elif op.kind == "input":
            yield from self.assigned(f'inputs["{input_name(statement)}"]', statement, position)
        else:
            yield from super().compute(statement, position)
        yield from self._held(statement)

    def kept(self, text: str, statement: Compute, position: int) -> Iterator[str]:
        """The new value of a state, which a module does not keep: it is one step."""
        yield from self.assigned(text, statement, position)

    def move(self, statement: Move, position: int, *, starts: bool) -> Iterator[str]:
        """The lines of a change of placements."""
        del starts
        if not isinstance(statement.step, Slice):
            yield from comment(statement.why.text)
        source = self.text(statement.source, statement.type.dims)
        yield from self.assigned(self._placed(source, statement), statement, position)
        yield from self._held(statement)

    def expression(self, op: Op, operands: tuple[Operand, ...], split: Layout) -> str:
        """An operator on whole tensors, whose work is split as ``split`` says."""
        sizes, mesh = self.program.sizes, self.program.mesh
        obstacle = OBSTACLES.get(op.kind)
        use = Use(op=op, operands=operands, layout=split, sizes=sizes, mesh=mesh)
        reason = "" if obstacle is None else obstacle(use)
        if reason:
            self.refused.append(Refused(op, split, reason))
            return "None"
        text = whole_text(use)
        if all(operand.is_number for operand in operands):
            text = f"mesh.everywhere({text})"
        return converted(text, op, operands)

    def assigned(self, text: str, statement: Compute | Move, position: int) -> Iterator[str]:
        """``name = text``, with the dimensions of the whole tensor and over what each is split."""
        if isinstance(statement, Compute) and makes_tensors(statement.op.kind):
            text = self._placed(text, statement) if statement.layout.split else text
        line = f"{self.give(statement.result, position)} = {text}"
        note = self._note(statement)
        if len(line) + len(note) + 4 + _INDENT <= _WIDTH:
            yield f"{line}  # {note}"
        else:
            yield f"# {note}"
            yield line

    def _note(self, statement: Compute | Move) -> str:
        layout = statement.layout
        dims: list[str] = []
        for dim in statement.type.dims:
            over = "*".join(layout.atoms_of(dim))
            dims.append(f"{dim} {self.program.sizes[dim]}{f' over {over}' if over else ''}")
        note = f"[{', '.join(dims)}]"
        if layout.partial:
            note += f" partial {layout.kind} over {'*'.join(layout.partial)}"
        return note

    def _placed(self, text: str, statement: Compute | Move) -> str:
        return f"placed({text}, {self._placements(statement)})"

    def _placements(self, statement: Compute | Move) -> str:
        return placements_text(statement.layout, statement.type.dims, self.program.mesh)

    def _held(self, statement: Compute | Move) -> Iterator[str]:
        if self.checked:
            name = self.names.of(statement.result)
            yield f'held("{statement.result}", {name}, {self._placements(statement)})'
