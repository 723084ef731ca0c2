"""The pictures of parallelisms: one block of a transformer each, who holds what, and what is exchanged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import attrs

from helixc.analysis.collectives import axis_names, move_bytes, step_atoms, step_name
from helixc.analysis.numbers_text import byte_text
from helixc.analysis.uses import reads_of
from helixc.emit.colours import COLLECTIVE, tint
from helixc.emit.graph import Attributes, Cluster, Edge, Graph, Node
from helixc.emit.wording import step_meaning
from helixc.ir.ops import OPS, Cast, Fused, Op
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement, kept_as, walk

LEGEND = (
    "seq ÷ 16: each GPU has one of 16 parts; what is not divided is whole on every GPU",
    "partial sum: each GPU has a summand; colours: what is divided; dark: an exchange",
)
_DARK: Attributes = (("fillcolor", COLLECTIVE), ("fontcolor", "white"))
_MOST_KINDS = 4
_OUTSIDE = -1

Single = Compute | Move | Reshard


@attrs.define
class Box:
    """A node: an exchange, or operators that follow each other without one; ``inputs`` are numbers of boxes.

    ``weights``: what is kept on the GPU and read here.  ``loop``: the loop around it.
    """

    statements: list[Single]
    inputs: dict[int, None]
    weights: list[str]
    loop: int


class Outline:
    """The boxes of a program.

    What depends on positions alone is left out, and so are weights and states: they stand in what reads them.
    """

    def __init__(self, program: Spmd) -> None:
        self.program = program
        self.boxes: list[Box] = []
        self.loops: list[Loop] = []
        self._box_of: dict[str, int] = {}
        self._held = {s.result for s in walk(program.body) if kept_as(s) and isinstance(s, Compute)}
        self._readers = _readers(program)
        self._gather(program.body, _OUTSIDE)

    def _gather(self, body: Sequence[SpmdStatement], loop: int) -> None:
        for statement in body:
            if isinstance(statement, Loop):
                self._turn(statement)
            elif statement.result not in self._held:
                self._place(statement, loop)

    def _turn(self, loop: Loop) -> None:
        self._alias((value.entry, value.init) for value in loop.carried)
        self.loops.append(loop)
        self._gather(loop.body, len(self.loops) - 1)
        self._alias((value.result, value.yields) for value in loop.carried)

    def _alias(self, names: Iterable[tuple[str, str]]) -> None:
        for name, of in names:
            if of in self._box_of:
                self._box_of[name] = self._box_of[of]

    def _place(self, statement: Single, loop: int) -> None:
        reads = reads_of(statement)
        inputs = dict.fromkeys(self._box_of[read] for read in reads if read in self._box_of)
        held = [read for read in reads if read in self._held]
        if inputs and _is_shown_elsewhere(statement):
            self._alias([(statement.result, reads[0])])
            return
        if not (inputs or held or _is_source(statement)):
            return
        box = next((n for n in inputs if self._joins(statement, n, inputs, loop)), None)
        if box is None:
            box = len(self.boxes)
            self.boxes.append(Box([], {}, [], loop))
        found = self.boxes[box]
        found.statements.append(statement)
        found.inputs |= {n: None for n in inputs if n != box}
        found.weights += held
        self._box_of[statement.result] = box

    def _joins(self, statement: Single, box: int, inputs: Iterable[int], loop: int) -> bool:
        """Whether an operator is drawn in the box of what it reads, which nothing else reads."""
        found = self.boxes[box]
        last = found.statements[-1]
        if not isinstance(statement, Compute) or OPS[statement.op.kind].work == "matmul":
            return False
        if not isinstance(last, Compute) or _is_source(last) or found.loop != loop:
            return False
        alone = self._readers.get(last.result, 0) == 1
        return alone and not any(self._depends(other, box) for other in inputs if other != box)

    def _depends(self, box: int, on: int) -> bool:
        """Whether a box stands below another."""
        waiting = [box]
        while waiting:
            inputs = self.boxes[waiting.pop()].inputs
            if on in inputs:
                return True
            waiting += inputs
        return False


def _readers(program: Spmd) -> Mapping[str, int]:
    """How many operators and exchanges read each value, by whatever name."""
    found: Counter[str] = Counter()
    shows: dict[str, str] = {}
    for statement in walk(program.body):
        if isinstance(statement, Loop):
            found.update(name for value in statement.carried for name in (value.init, value.yields))
            continue
        reads = [shows.get(read, read) for read in reads_of(statement)]
        if _is_shown_elsewhere(statement):
            shows[statement.result] = reads[0]
        else:
            found.update(set(reads))
    return found


def _is_shown_elsewhere(statement: Single) -> bool:
    """Whether a statement gives a value another name or another number of bits, and no more."""
    if not isinstance(statement, Compute) or not statement.op.reads:
        return False
    return OPS[statement.op.kind].work == "free" or isinstance(statement.op.params, Cast)


def _is_source(statement: SpmdStatement) -> bool:
    return isinstance(statement, Compute) and OPS[statement.op.kind].work == "source"


def outline(program: Spmd, title: str) -> Graph:
    """One picture of a program: boxes from top to bottom, loops in frames."""
    found = Outline(program)
    colours: dict[tuple[str, ...], int] = {}
    nodes = [(_node(str(n), box, program, colours), box.loop) for n, box in enumerate(found.boxes)]
    frames = tuple(
        Cluster(
            id=f"loop_{number}",
            title=f"{loop.trips} turns",
            nodes=tuple(node for node, inside in nodes if inside == number),
            look=(("style", "dashed"), ("color", "#777777"), ("fontsize", "11")),
        )
        for number, loop in enumerate(found.loops)
    )
    edges = (
        Edge(source=str(source), target=str(target))
        for target, box in enumerate(found.boxes)
        for source in box.inputs
    )
    return Graph(
        name=title,
        title=title,
        remarks=LEGEND,
        nodes=tuple(node for node, inside in nodes if inside == _OUTSIDE),
        clusters=frames,
        edges=tuple(edges),
    )


def _node(name: str, box: Box, program: Spmd, colours: dict[tuple[str, ...], int]) -> Node:
    first, last = box.statements[0], box.statements[-1]
    if isinstance(first, Move):
        return _exchange(name, box, first, program)
    kinds = [op.kind for s in box.statements if isinstance(s, Compute) for op in _operators(s)]
    shown = [kind for kind in dict.fromkeys(kinds) if OPS[kind].work != "free"] or kinds[-1:]
    what = ", ".join(shown[:_MOST_KINDS]) + (", .." if len(shown) > _MOST_KINDS else "")
    if any(isinstance(s, Compute) and isinstance(s.op.params, Fused) for s in box.statements):
        what = f"one kernel: {what}"
    split = tuple(dim for dim, _ in program.layouts[last.result].split)
    look = (("fillcolor", tint(colours.setdefault(split, len(colours)), 0.35)),) if split else ()
    lines = [f"{weight}: {_block(weight, program)}" for weight in box.weights]
    return Node(
        id=name, title=what, lines=(*lines, f"-> {_block(last.result, program)}"), look=look
    )


def _operators(compute: Compute) -> tuple[Op, ...]:
    """The operators of a kernel, or the operator itself."""
    params = compute.op.params
    return params.body if isinstance(params, Fused) else (compute.op,)


def _exchange(name: str, box: Box, move: Move, program: Spmd) -> Node:
    before, mesh = program.layouts[move.source], program.mesh
    atoms = step_atoms(move.step, before, mesh)
    members = mesh.ways(atoms)
    lines = (
        *(f"{weight}: {_block(weight, program)}" for weight in box.weights),
        step_meaning(move.step, members, before.kind),
        f"among {members} GPUs ({', '.join(axis_names(atoms, mesh))}): {byte_text(move_bytes(move, program))} each",
        f"-> {_block(move.result, program)}",
    )
    return Node(id=name, title=step_name(move.step).replace("_", "-"), lines=lines, look=_DARK)


def _block(value: str, program: Spmd) -> str:
    """A value's dimensions, with the number of parts of those that are divided."""
    type_, layout = program.types[value], program.layouts[value]
    ways = {dim: program.mesh.ways(layout.atoms_of(dim)) for dim in type_.dims}
    text = ", ".join(f"{dim} ÷ {parts}" if parts > 1 else dim for dim, parts in ways.items())
    return f"{text}, partial {layout.kind}" if layout.partial else text
