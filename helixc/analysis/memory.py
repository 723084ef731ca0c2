"""Memory of one GPU: weights, the most that is alive at one moment, and what makes it.

All GPUs hold blocks of the same sizes, so one stands for all.  Weights stay; every other value occupies
its block from the statement that yields it to the last one that reads it.  A relabelling is a view and
occupies nothing of its own.  Every operator is taken to write a buffer of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate

import attrs

from helixc.analysis.collectives import step_name
from helixc.analysis.layers import LayerMap
from helixc.analysis.names import value_names
from helixc.analysis.numbers_text import byte_text
from helixc.diagnostics import Diagnostic, Note, Span
from helixc.ir.layout import local_bytes
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement, walk

_NAMED = 3  # tensors named in a warning


@attrs.frozen(kw_only=True)
class Live:
    """A value that occupies memory; ``name`` is what people call it, with its layer."""

    value: str
    name: str
    bytes: int


@attrs.frozen(kw_only=True)
class Memory:
    """Bytes of one GPU.

    ``largest_activation``: the largest single value that is no weight.  ``peak``: the values alive at
    the moment when they occupy most, largest first.
    """

    capacity_bytes: int
    weights_bytes: int
    largest_activation: Live | None
    peak: tuple[Live, ...]

    @property
    def peak_bytes(self) -> int:
        """Bytes of all values alive at the peak, weights not counted."""
        return sum(live.bytes for live in self.peak)

    @property
    def needed_bytes(self) -> int:
        """Weights and peak."""
        return self.weights_bytes + self.peak_bytes

    @property
    def fits(self) -> bool:
        """Whether weights and peak find room."""
        return self.needed_bytes <= self.capacity_bytes


def find_memory(program: Spmd, layers: LayerMap) -> Memory:
    """What one GPU must hold while it runs a program."""
    liveness = _Liveness(program, layers)
    peak = liveness.peak(program.body, [output.value for output in program.outputs])
    activations = [live for live in map(liveness.live, liveness.blocks) if live.bytes]
    largest = max(activations, key=lambda live: live.bytes, default=None)
    return Memory(
        capacity_bytes=program.cluster.gpu.memory_bytes,
        weights_bytes=liveness.weights_bytes(program.body),
        largest_activation=largest,
        peak=tuple(sorted(map(liveness.live, peak), key=lambda live: -live.bytes)),
    )


def fit_warnings(memory: Memory, gpu: str, span: Span, remedy: str = "") -> tuple[Diagnostic, ...]:
    """A warning that names the largest tensors, where a program cannot fit; else nothing.

    ``remedy``: a line of the plan that makes it fit.
    """
    if memory.fits:
        return ()
    message = (
        f"this cannot fit: a GPU needs {byte_text(memory.needed_bytes)}, "
        f"{byte_text(memory.weights_bytes)} for weights and {byte_text(memory.peak_bytes)} for "
        f"values alive at once; {gpu} has {byte_text(memory.capacity_bytes)}"
    )
    notes = [Note(f"{live.name} takes {byte_text(live.bytes)}") for live in memory.peak[:_NAMED]]
    other = "a smaller batch or sequence, or a split of a dimension that the largest tensors have"
    legal = (remedy or other,)
    return (Diagnostic("HX0701", message, span, "warning", tuple(notes), legal),)


class _Liveness:
    """Which value occupies which bytes; a value's *block* is the value whose buffer it shows."""

    def __init__(self, program: Spmd, layers: LayerMap) -> None:
        self._program = program
        self._layers = layers
        self._names = value_names(program)
        self._block: dict[str, str] = {}
        self._bytes: dict[str, int] = {}
        self._makers: dict[str, str] = {}
        for statement in walk(program.body):
            if isinstance(statement, Loop):
                for value in statement.carried:
                    self._own(value.entry)
                    self._own(value.result)
            elif _is_view(statement):
                self._block[statement.result] = self._block[_reads(statement)[0]]
            else:
                self._own(statement.result)
                self._makers[statement.result] = _maker(statement)
        self._uses = Counter(map(self._name, self._bytes))

    @property
    def blocks(self) -> Iterable[str]:
        """Every value with a buffer of its own, in program order."""
        return self._bytes

    def live(self, block: str) -> Live:
        """A block as people see it; what makes it is told where a name alone is ambiguous."""
        name = self._name(block)
        if self._uses[name] > 1:
            name = f"{name} ({self._makers.get(block, 'carried')})"
        return Live(value=block, name=name, bytes=self._bytes[block])

    def _name(self, block: str) -> str:
        name = self._names[block]
        layer = self._layers.layer(block).title if block in self._layers.of else ""
        return f"{layer}.{name}" if layer and not name.startswith(f"{layer}.") else name

    def weights_bytes(self, body: tuple[SpmdStatement, ...]) -> int:
        """Bytes of all weights of one GPU; those of a repeat exist once per turn."""
        total = 0
        for statement in body:
            if isinstance(statement, Loop):
                total += statement.trips * self.weights_bytes(statement.body)
            elif statement.result in self._program.stored:
                total += self._size(statement.result)
        return total

    def peak(
        self, body: tuple[SpmdStatement, ...], needed: Iterable[str], given: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """The blocks alive at the fullest moment of a body.

        ``given`` are there at its start, ``needed`` are read after its end; what else it takes from
        outside is counted there.
        """
        born = dict.fromkeys(given, 0)
        inside: dict[int, tuple[str, ...]] = {}
        for index, statement in enumerate(body):
            if isinstance(statement, Loop):
                inside[index] = self._turn_peak(statement)
                born.update((value.result, index + 1) for value in statement.carried)
            elif self._block[statement.result] == statement.result:
                born[statement.result] = index
        last = self._last_reads(body, needed)
        spans = {block: (start, last.get(block, start)) for block, start in born.items()}
        moment = self._fullest(spans, inside, len(body))
        alive = [block for block, (start, end) in spans.items() if start <= moment <= end]
        return (*alive, *inside.get(moment, ()))

    def _turn_peak(self, loop: Loop) -> tuple[str, ...]:
        yields = [value.yields for value in loop.carried]
        return self.peak(loop.body, yields, [value.entry for value in loop.carried])

    def _last_reads(self, body: tuple[SpmdStatement, ...], needed: Iterable[str]) -> dict[str, int]:
        """For each block the last statement that reads it.

        A carried value takes over the buffer that it starts from.
        """
        last: dict[str, int] = {}
        for index, statement in enumerate(body):
            if isinstance(statement, Loop):
                starts = [(value.init, index - 1) for value in statement.carried]
            else:
                starts = []
            for value, moment in [*starts, *((read, index) for read in _captured(statement))]:
                block = self._block[value]
                last[block] = max(moment, last.get(block, 0))
        last.update((self._block[value], len(body)) for value in needed)
        return last

    def _fullest(
        self,
        spans: Mapping[str, tuple[int, int]],
        inside: Mapping[int, tuple[str, ...]],
        moments: int,
    ) -> int:
        """The first moment at which most bytes are alive."""
        changes = [0] * (moments + 2)
        for block, (start, end) in spans.items():
            changes[start] += self._bytes[block]
            changes[end + 1] -= self._bytes[block]
        alive = list(accumulate(changes))
        for moment, blocks in inside.items():
            alive[moment] += sum(self._bytes[block] for block in blocks)
        return alive.index(max(alive))

    def _own(self, value: str) -> None:
        self._block[value] = value
        self._bytes[value] = 0 if value in self._program.stored else self._size(value)

    def _size(self, value: str) -> int:
        program = self._program
        layout = program.layouts[value]
        return local_bytes(program.types[value], layout, program.sizes, program.mesh)


def _is_view(statement: Compute | Move | Reshard) -> bool:
    if not isinstance(statement, Compute):
        return False
    return OPS[statement.op.kind].work == "free" and bool(statement.op.reads)


def _maker(statement: Compute | Move | Reshard) -> str:
    """What makes a value: the operator, or the step that moves it."""
    if isinstance(statement, Compute):
        return statement.op.kind
    return step_name(statement.step) if isinstance(statement, Move) else "moved"


def _reads(statement: Compute | Move | Reshard) -> tuple[str, ...]:
    return statement.op.reads if isinstance(statement, Compute) else (statement.source,)


def _captured(statement: SpmdStatement) -> tuple[str, ...]:
    """What a statement reads; of a loop, what its body takes from outside besides what it carries."""
    if not isinstance(statement, Loop):
        return _reads(statement)
    own = {value.entry for value in statement.carried}
    reads: dict[str, None] = {}
    for inner in statement.body:
        reads.update(dict.fromkeys(_captured(inner)))
        if isinstance(inner, Loop):
            reads.update(dict.fromkeys(value.init for value in inner.carried))
            own.update(value.result for value in inner.carried)
        else:
            own.add(inner.result)
    reads.update(dict.fromkeys(value.yields for value in statement.carried))
    return tuple(read for read in reads if read not in own)
