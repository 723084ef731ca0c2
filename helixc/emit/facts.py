"""The facts of one operator on one turn, alike on all GPUs: what it reads, what it yields."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.analysis.collectives import move_bytes, step_dims
from helixc.analysis.local_compute import local_compute
from helixc.analysis.numbers_text import byte_text, seconds_text
from helixc.emit.boundary import Instance
from helixc.emit.wording import dims_text, step_meaning, value_text
from helixc.ir.device import DeviceProgram, Template
from helixc.ir.layout import AllGather, AllReduce, AllToAll, Permute, ReduceScatter, Seed, Slice
from helixc.ir.ops import Cut, Fused, Joined, Kept, Number, Renamed, Routed
from helixc.ir.sources import SourceFinder
from helixc.ir.spmd import Compute, Move, Spmd, kept_as

_STEP_KINDS: Mapping[type, str] = {
    Slice: "slice",
    AllGather: "all_gather",
    ReduceScatter: "reduce_scatter",
    AllReduce: "all_reduce",
    AllToAll: "all_to_all",
    Permute: "permute",
    Seed: "seed",
}


@attrs.frozen(kw_only=True)
class Input:
    """One operand: its text, where it comes from, and whether it is kept on the GPU."""

    text: str
    source: Instance | None
    held: bool


@attrs.frozen(kw_only=True)
class Facts:
    """What a drawing says of an operator or collective, GPUs left out.

    ``title`` and ``lines`` for people; ``more`` for machines, beside ``op``, ``in`` and ``out``.
    """

    op: str
    title: str
    inputs: tuple[Input, ...]
    out: str
    lines: tuple[str, ...] = ()
    more: tuple[tuple[str, str], ...] = ()


class FactBook:
    """Works out the facts of each template and turn of a program once."""

    def __init__(self, device: DeviceProgram) -> None:
        self.finder = SourceFinder(device.program, device.templates)
        self._device = device
        self._known: dict[Instance, Facts] = {}
        # A weight that collectives move is drawn; any other is part of the operator that reads it.
        self._moved = {
            t.statement.source for t in device.templates if isinstance(t.statement, Move)
        }

    def facts(self, instance: Instance) -> Facts:
        """The facts of a template on a turn."""
        if instance not in self._known:
            template = self._device.templates[instance[0]]
            self._known[instance] = self._work_out(template, instance[1])
        return self._known[instance]

    def name(self, instance: Instance) -> str:
        """The value that is yielded, by its name in the program: unique, and the same in dumps."""
        return self._device.templates[instance[0]].value

    def dims(self, instance: Instance) -> str:
        """Names and sizes of the yielded block."""
        return dims_text(self._device.sizes[self._device.templates[instance[0]].value])

    def value(self, instance: Instance) -> str:
        """Name, dtype, dimensions and partial state of the yielded block."""
        program = self._device.program
        template = self._device.templates[instance[0]]
        dtype = program.types[template.value].dtype
        layout = program.layouts[template.value]
        sizes = self._device.sizes[template.value]
        return value_text(template.value, dtype, sizes, layout, program.sizes.shares)

    def is_held(self, instance: Instance) -> bool:
        """Whether a value is kept, and drawn inside the operators that read it."""
        return self._held_as(instance) != ""

    def _held_as(self, instance: Instance) -> Kept:
        """As what a value is kept that is drawn inside its readers; "" for any other."""
        statement = self._device.templates[instance[0]].statement
        return "" if statement.result in self._moved else kept_as(statement)

    def _input(self, template: Template, turns: tuple[int, ...], value: str) -> Input:
        source = self.finder.source_at(template, value, turns)
        held, text = self._held_as(source), self.value(source)
        return Input(text=f"{held} {text}" if held else text, source=source, held=held != "")

    def _work_out(self, template: Template, turns: tuple[int, ...]) -> Facts:
        statement = template.statement
        out = self.value((self._device.templates.index(template), turns))
        if isinstance(statement, Move):
            read = self._input(template, turns, statement.source)
            return self._move_facts(statement, template, read, out)
        inputs = tuple(
            Input(text=f"{operand.value:g}", source=None, held=False)
            if isinstance(operand, Number)
            else self._input(template, turns, operand)
            for operand in statement.op.operands
        )
        facts = _compute_facts(statement, inputs, out)
        if not isinstance(statement.op.params, Fused):
            return facts
        rule = ("factors", _rule_text(statement, self._device.program))
        return attrs.evolve(facts, more=(*facts.more, rule))

    def _move_facts(self, move: Move, template: Template, read: Input, out: str) -> Facts:
        mesh = self._device.program.mesh
        kind = _STEP_KINDS[type(move.step)]
        before = self._device.program.layouts[move.source]
        dims = step_dims(move.step, before)
        atoms = template.atoms if template.atoms is not None else _own_atoms(move)
        words = [kind, *([" to ".join(dims)] if dims else []), "over", ", ".join(atoms)]
        title = f"{move.result} = {' '.join(words)}"
        more = [("axes", ", ".join(atoms)), ("along", ", ".join(dims))]
        lines = [step_meaning(move.step, mesh.ways(atoms), before.kind)]
        if template.atoms is not None:
            count = move_bytes(move, self._device.program)
            more += [("bytes", str(count)), ("why", move.why.text)]
            lines.append(f"{byte_text(count)} to each GPU, {seconds_text(move.picoseconds)}")
        return Facts(
            op=kind, title=title, inputs=(read,), out=out, lines=tuple(lines), more=tuple(more)
        )


def _own_atoms(move: Move) -> tuple[str, ...]:
    return move.step.atoms if isinstance(move.step, Slice | Seed) else ()


def _compute_facts(compute: Compute, inputs: tuple[Input, ...], out: str) -> Facts:
    op = compute.op
    more: list[tuple[str, str]] = []
    words = [op.kind]
    if op.over:
        words += ["over", ", ".join(op.over)]
        more.append(("over", ", ".join(op.over)))
    if isinstance(op.params, Fused):
        members = ", ".join(member.kind for member in op.params.body)
        words.append(members)
        more.append(("members", members))
    arrow = _arrow(compute)
    if arrow:
        words.append(arrow)
        more.append(("pairs", arrow))
    title = f"{op.result} = {' '.join(words)}"
    return Facts(op=op.kind, title=title, inputs=inputs, out=out, more=tuple(more))


def _rule_text(compute: Compute, program: Spmd) -> str:
    """For each factor of a kernel its dimension in every input and in the result; ``.`` for none."""
    lines: list[str] = []
    for factor in local_compute(compute, program).rule:
        operands = " ".join(dim or "." for dim in factor.operands)
        lines.append(f"{operands} -> {factor.result or '.'}")
    return "; ".join(lines)


def _arrow(compute: Compute) -> str:
    """Which dimensions become which: ``seq -> key``."""
    match compute.op.params:
        case Renamed(pairs=pairs):
            return ", ".join(f"{old} -> {new}" for old, new in pairs)
        case Joined(dims=dims, parts=parts):
            terms = (" * ".join(leaves) or "1" for leaves, _ in parts)
            return f"{' + '.join(terms)} -> {' * '.join(dims)}"
        case Routed(pairs, queue, slot, _):
            line = [f"{' * '.join(queue)} -> {' * '.join(slot)} in line"] if queue else []
            return ", ".join([*(f"{token} -> {place}" for token, place in pairs), *line])
        case Cut(source=source, dims=dims, start=start):
            return f"{' * '.join(source)} -> {' * '.join(dims)} from {start}"
        case _:
            return ""
