"""Statements of a partitioned program as lines of Python."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Generator, Iterator, Mapping

import attrs

from helixc.ir.advance import Advance
from helixc.ir.fused import kernel_of
from helixc.ir.layout import Layout, Seed, Slice, local_sizes, make_layout
from helixc.ir.ops import OPS, Fused, Number, Op
from helixc.ir.rules import factors
from helixc.ir.spmd import Compute, Move, Spmd
from helixc.ir.tensor import FLOATING, NUMBER
from helixc.pytorch.identifiers import Identifiers
from helixc.pytorch.moves import move_text
from helixc.pytorch.operand import Operand, Use, dtype_text, permuted
from helixc.pytorch.operators import TORCH, number_text
from helixc.pytorch.weights import input_name, is_weight

_WIDTH = 100
_INDENT = 4


@attrs.frozen(eq=False)
class Writer:
    """Writes the statements of one function, whose values go by ``names``.

    ``place``: how the function calls the weights of a scope.
    """

    program: Spmd
    advance: Advance
    homes: Mapping[str, str]
    names: Identifiers
    place: Callable[[int], str]

    def give(self, value: str, position: int, *, held: bool = False) -> str:
        """Name a value that is made at a position: as in the source, if it has a name there.

        ``held``: it is needed until the event at that position is over.
        """
        own = value.partition("~")[0]
        parts = [part for part in own.split(".") if not part.isdigit()]
        wish = self.homes.get(value) or parts[-1]
        return self.names.give(value, wish, position, held=held)

    def text(self, value: str, dims: tuple[str, ...]) -> str:
        """A value with its axes in some order."""
        return permuted(Operand(self.names.of(value), self.program.types[value]), dims)

    def compute(self, statement: Compute, position: int) -> Iterator[str]:
        """The lines of an operator."""
        op = statement.op
        if is_weight(statement):
            text = f'{self.place(op.scope)}["{op.home.name}"]'
        elif op.kind == "input":
            text = f'inputs["{input_name(statement)}"]'
        elif isinstance(op.params, Fused):
            text = yield from self._kernel(statement, op.params, position)
        else:
            text = self.expression(op, self._operands(op), self._split(statement))
        if OPS[op.kind].rests:
            yield from self.kept(text, statement, position)
        else:
            yield from self.assigned(text, statement, position)

    def kept(self, text: str, statement: Compute, position: int) -> Iterator[str]:
        """The line by which a state has its new value in the next step."""
        del position
        op = statement.op
        yield f'{self.place(op.scope)}["{op.home.name}"] = {text}'

    def move(self, statement: Move, position: int, *, starts: bool) -> Iterator[str]:
        """The lines of a step, or of its start alone."""
        source, dims = statement.source, statement.type.dims
        before = self.program.layouts[source]
        call = move_text(statement.step, self.text(source, dims), dims, before)
        if isinstance(statement.step, Slice | Seed):
            yield from self.assigned(call, statement, position)
            return
        yield from comment(statement.why.text)
        if starts:
            wish = f"{self.homes.get(statement.result) or 'value'}_ready"
            yield f"{self.names.give(pending(statement), wish, position)} = {call}"
        else:
            yield from self.assigned(f"{call}.wait()", statement, position)

    def wait(self, statement: Move, position: int) -> Iterator[str]:
        """The line that waits for a step that was started."""
        yield from self.assigned(f"{self.names.of(pending(statement))}.wait()", statement, position)

    def _operands(self, op: Op, inner: Mapping[str, Operand] | None = None) -> tuple[Operand, ...]:
        """What an operator reads; ``inner``: the values inside a kernel."""
        values, growths = inner or {}, self.advance.of(op)
        return tuple(
            _number(operand, growths.get(i, 0))
            if isinstance(operand, Number)
            else values[operand]
            if operand in values
            else Operand(self.names.of(operand), self.program.types[operand])
            for i, operand in enumerate(op.operands)
        )

    def expression(self, op: Op, operands: tuple[Operand, ...], split: Layout) -> str:
        """An operator, whose work is split as ``split`` says."""
        sizes, mesh = self.program.sizes, self.program.mesh
        ahead = " + mesh.ahead" if self.advance.starts_at(op) else ""
        use = Use(op=op, operands=operands, layout=split, sizes=sizes, mesh=mesh, ahead=ahead)
        return converted(TORCH[op.kind](use), op, operands)

    def _split(self, statement: Compute) -> Layout:
        """How the work of an operator is split, by the dimensions of all its values."""
        op, types = statement.op, self.program.types
        operands = tuple(NUMBER if isinstance(o, Number) else types[o] for o in op.operands)
        rule = {f.name: f for f in factors(op.kind, operands, op.type, op.over, op.params)}
        split: dict[str, list[str]] = {}
        for atom, where in statement.way:
            factor = rule.get(where)
            dims = () if factor is None else (*factor.operands, factor.result)
            for dim in dict.fromkeys(dim for dim in dims if dim is not None):
                split.setdefault(dim, []).append(atom)
        return make_layout(split)

    def _kernel(self, statement: Compute, fused: Fused, position: int) -> Generator[str, None, str]:
        """The members of a kernel, one after the other; returns the expression of the last."""
        yield f"# one kernel: {', '.join(op.kind for op in fused.body)}"
        given = self._operands(statement.op)
        values = dict(zip(fused.inputs, given, strict=True))
        kernel = kernel_of(fused, tuple(operand.type for operand in given))
        text = ""
        for op in fused.body:
            split: dict[str, list[str]] = {}
            for (value, dim), factor in kernel.names.items():
                if value in (op.result, *op.reads):
                    split[dim] = [atom for atom, where in statement.way if where == factor]
            text = self.expression(op, self._operands(op, values), make_layout(split))
            if op is not fused.body[-1]:
                inner = f"{statement.result}/{op.result}"
                name = self.names.give(inner, op.home.name or op.kind, position, held=True)
                values[op.result] = Operand(name, op.type)
                yield f"{name} = {text}"
        last = Operand(f"({text})", fused.body[-1].type)
        return text if last.dims == statement.type.dims else permuted(last, statement.type.dims)

    def assigned(self, text: str, statement: Compute | Move, position: int) -> Iterator[str]:
        """``name = text``, and the dimensions of a GPU's block beside or above it."""
        program, layout = self.program, statement.layout
        sizes = local_sizes(statement.type, layout, program.sizes, program.mesh)
        note = f"[{', '.join(f'{dim} {size}' for dim, size in sizes.items())}]"
        if layout.partial:
            note += f" partial {layout.kind} over {', '.join(layout.partial)}"
        line = f"{self.give(statement.result, position)} = {text}"
        if len(line) + len(note) + 4 + _INDENT <= _WIDTH:
            yield f"{line}  # {note}"
        else:
            yield f"# {note}"
            yield line


def _number(number: Number, growth: int) -> Operand:
    """A number as an operand; ``growth``: how much it grows with each place that a step is ahead."""
    text = number_text(number)
    if growth and not number.dims:
        times = "" if growth == 1 else f"{growth} * "
        text = f"({text} + {times}mesh.ahead)"
    return Operand(text, NUMBER)


def pending(statement: Move) -> str:
    """What stands for the result of a step that has been started and not been waited for."""
    return f"{statement.result}..."


def comment(text: str) -> Iterator[str]:
    """A text as lines of a comment."""
    for line in textwrap.wrap(" ".join(text.split()), _WIDTH - 2 - _INDENT):
        yield f"# {line}"


def converted(text: str, op: Op, operands: tuple[Operand, ...]) -> str:
    """The text of an operator, with its dtype where PyTorch might give another one."""
    return f"({text}).to({dtype_text(op.type.dtype)})" if _widens(op, operands) else text


def _widens(op: Op, operands: tuple[Operand, ...]) -> bool:
    """Whether PyTorch might give another floating dtype than the operator's row."""
    values = operands[1:] if op.kind == "where" else operands
    found = {operand.type.dtype for operand in values if not operand.is_number}
    row = OPS[op.kind]
    if op.kind in _CONVERT or op.type.dtype not in FLOATING or row.result != "widest":
        return False
    return not found <= {op.type.dtype}


# Operators whose expressions convert their operands themselves.
_CONVERT = ("matmul", "concat")
