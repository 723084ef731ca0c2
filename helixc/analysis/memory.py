"""Memory of one GPU: what is kept, the most that is alive at one moment, when that is, and what makes it.

All GPUs hold blocks of the same sizes, so one stands for all.  Weights and states stay; every other value occupies
a buffer from the start of the statement that makes it to the end of the last one that reads it, along the
schedule.  A relabelling is a view and occupies nothing of its own, and so is the new state; every other operator is taken to
write a buffer of its own.  Of a collective count what it reads, what it yields, and what it must pack to send
(``analysis.buffers``); what a communication library keeps for itself does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import attrs

from helixc.analysis.buffers import Buffer, Filling, Occupancy, block_bytes, find_occupancy
from helixc.analysis.collectives import kind_of, step_name
from helixc.analysis.layers import LayerMap
from helixc.analysis.names import value_names
from helixc.analysis.numbers_text import byte_text
from helixc.analysis.schedule import Schedule, find_schedule
from helixc.analysis.uses import is_view
from helixc.diagnostics import Diagnostic, Note, Span
from helixc.ir.ops import Kept
from helixc.ir.slices import kept_times
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement, kept_as, walk

_NAMED = 3  # tensors named in a warning
# Turns that the curve shows of a repeat in which the peak is not: the second, which stands for most.
_SHOWN_TURN = 1


@attrs.frozen(kw_only=True)
class Live:
    """A value that occupies memory; ``name`` is what people call it, with its layer.

    ``kind``: "activation", or "communication" for what a collective yields or packs to send.
    """

    value: str
    name: str
    bytes: int
    dtype: str
    kind: str


@attrs.frozen(kw_only=True)
class Filled:
    """The bytes alive while a statement runs that yields ``value``: a point of the curve.

    ``does``: the operator or step.  ``picoseconds``: its start, in the first turn of each repeat.
    """

    value: str
    name: str
    does: str
    picoseconds: int
    bytes: int


@attrs.frozen(kw_only=True)
class Memory:
    """Bytes of one GPU.

    ``weights``, ``states``: by dtype.  ``largest_activation``: the largest single value that is not kept.  ``peak``:
    what is alive at the moment when that is most, largest first; ``fullest`` is that moment.  ``curve``:
    the moments in order, of each repeat one turn.
    """

    capacity_bytes: int
    weights: tuple[tuple[str, int], ...]
    states: tuple[tuple[str, int], ...]
    largest_activation: Live | None
    peak: tuple[Live, ...]
    fullest: Filled | None
    curve: tuple[Filled, ...] = attrs.field(repr=False)

    @property
    def weights_bytes(self) -> int:
        """Bytes of all weights."""
        return sum(size for _, size in self.weights)

    @property
    def state_bytes(self) -> int:
        """Bytes of all states: of a decoder mostly its cache of keys and values."""
        return sum(size for _, size in self.states)

    @property
    def kept_bytes(self) -> int:
        """Bytes of all that is kept from step to step."""
        return self.weights_bytes + self.state_bytes

    @property
    def peak_bytes(self) -> int:
        """Bytes of all values alive at the peak, those not counted that are kept."""
        return sum(live.bytes for live in self.peak)

    @property
    def communication_bytes(self) -> int:
        """Bytes of those of them that collectives yield or pack."""
        return sum(live.bytes for live in self.peak if live.kind == "communication")

    @property
    def needed_bytes(self) -> int:
        """What is kept, and the peak."""
        return self.kept_bytes + self.peak_bytes

    @property
    def fits(self) -> bool:
        """Whether all that finds room."""
        return self.needed_bytes <= self.capacity_bytes

    @property
    def by_dtype(self) -> tuple[tuple[str, int, int, int], ...]:
        """For each dtype the bytes of weights, of states and of what is alive at the peak; in order of dtype."""
        weights, states = Counter(dict(self.weights)), Counter(dict(self.states))
        alive = Counter[str]()
        for live in self.peak:
            alive[live.dtype] += live.bytes
        dtypes = sorted({d for d, size in (weights + states + alive).items() if size})
        return tuple((dtype, weights[dtype], states[dtype], alive[dtype]) for dtype in dtypes)


def find_memory(program: Spmd, layers: LayerMap, schedule: Schedule | None = None) -> Memory:
    """What one GPU must hold while it runs a program along its schedule."""
    occupancy = find_occupancy(program, schedule or find_schedule(program))
    naming = _Naming(program, layers)
    kept: dict[Kept, Counter[str]] = {"weight": Counter(), "state": Counter()}
    _count_kept(program, program.body, 1, kept)
    alive = (naming.live(buffer) for buffer in occupancy.alive if buffer.bytes)
    fullest = occupancy.fullest
    return Memory(
        capacity_bytes=program.cluster.gpu.memory_bytes,
        weights=tuple(sorted(kept["weight"].items())),
        states=tuple(sorted(kept["state"].items())),
        largest_activation=max(naming.activations, key=lambda live: live.bytes, default=None),
        peak=tuple(sorted(alive, key=lambda live: -live.bytes)),
        fullest=None if fullest is None else naming.filled(fullest),
        curve=tuple(map(naming.filled, _curve(program, occupancy))),
    )


def kept_text(weights: int, states: int) -> str:
    """``3 GB for weights``, and what is for states if there are any."""
    text = f"{byte_text(weights)} for weights"
    return f"{text}, {byte_text(states)} for states" if states else text


def fit_warnings(memory: Memory, gpu: str, span: Span, remedy: str = "") -> tuple[Diagnostic, ...]:
    """A warning that names the largest tensors, where a program cannot fit; else nothing.

    ``remedy``: a line of the plan that makes it fit.
    """
    if memory.fits:
        return ()
    message = (
        f"this cannot fit: a GPU needs {byte_text(memory.needed_bytes)}, "
        f"{kept_text(memory.weights_bytes, memory.state_bytes)} and {byte_text(memory.peak_bytes)} for "
        f"values alive at once; {gpu} has {byte_text(memory.capacity_bytes)}"
    )
    notes = [Note(f"{live.name} takes {byte_text(live.bytes)}") for live in memory.peak[:_NAMED]]
    other = "a smaller batch or sequence, or a split of a dimension that the largest tensors have"
    legal = (remedy or other,)
    return (Diagnostic("HX0701", message, span, "warning", tuple(notes), legal),)


class _Naming:
    """What people call values, and what makes them."""

    def __init__(self, program: Spmd, layers: LayerMap) -> None:
        self._program = program
        self._layers = layers
        self._names = value_names(program)
        self._makers = {
            s.result: s for s in walk(program.body) if not isinstance(s, Loop) and not is_view(s)
        }
        self._uses = Counter(map(self._name, self._makers))

    @property
    def activations(self) -> Iterator[Live]:
        """Every value with a buffer of its own, in program order; what is kept is left out."""
        for value in self._makers:
            if value not in self._program.stored:
                yield self.live(Buffer(value, block_bytes(value, self._program)))

    def live(self, buffer: Buffer) -> Live:
        """A buffer; what makes it is told where a name alone is ambiguous."""
        maker = self._makers[buffer.value]
        moved = isinstance(maker, Move) and bool(kind_of(maker.step))
        name = self._full_name(buffer.value)
        return Live(
            value=buffer.value,
            name=f"what {_does(maker)} of {name} sends" if buffer.sending else name,
            bytes=buffer.bytes,
            dtype=maker.type.dtype,
            kind="communication" if moved else "activation",
        )

    def filled(self, filling: Filling) -> Filled:
        """A moment."""
        return Filled(
            value=filling.value,
            name=self._full_name(filling.value),
            does=_does(self._makers[filling.value]),
            picoseconds=filling.picoseconds,
            bytes=filling.bytes,
        )

    def _full_name(self, value: str) -> str:
        name = self._name(value)
        return f"{name} ({_does(self._makers[value])})" if self._uses[name] > 1 else name

    def _name(self, value: str) -> str:
        name, layer = self._names[value], self._layers.layer(value).title
        return name if name.startswith(f"{layer}.") else f"{layer}.{name}"


def _does(statement: Compute | Move | Reshard) -> str:
    """What makes a value: the operator, or the step that moves it."""
    if isinstance(statement, Compute):
        return statement.op.kind
    return step_name(statement.step) if isinstance(statement, Move) else "moved"


# Of a repeat: its scope and its turns.
_Loops = tuple[tuple[int, int], ...]


def _curve(program: Spmd, occupancy: Occupancy) -> Iterator[Filling]:
    """The moments of one turn of each repeat: the turn with the peak in it, else the second."""
    peak = occupancy.fullest
    if peak is None:
        return
    loops = dict(_loops_around(program.body, ()))
    for filling in occupancy.fillings:
        around = loops[filling.value]
        shown = tuple(
            peak.turns[depth]
            if around[: depth + 1] == loops[peak.value][: depth + 1]
            else min(_SHOWN_TURN, trips - 1)
            for depth, (_, trips) in enumerate(around)
        )
        if filling.turns == shown:
            yield filling


def _loops_around(body: tuple[SpmdStatement, ...], around: _Loops) -> Iterator[tuple[str, _Loops]]:
    for statement in body:
        if isinstance(statement, Loop):
            yield from _loops_around(statement.body, (*around, (statement.scope, statement.trips)))
        else:
            yield statement.result, around


def _count_kept(
    program: Spmd,
    body: tuple[SpmdStatement, ...],
    times: int,
    found: Mapping[Kept, Counter[str]],
) -> None:
    """Add the bytes of all that one GPU keeps, by kind and dtype; what a repeat declares, once per turn."""
    for statement in body:
        if isinstance(statement, Loop):
            _count_kept(program, statement.body, times * statement.trips, found)
        elif kept := kept_as(statement):
            blocks = times * kept_times(program, statement.type)
            size = blocks * block_bytes(statement.result, program)
            found[kept][statement.type.dtype] += size
