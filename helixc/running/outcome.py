"""What came of a run: the outputs against those of the model, and measured times beside predicted ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import attrs
import numpy as np

from helixc.analysis.schedule import find_schedule
from helixc.interp.blocks import assemble, distance
from helixc.interp.held import Held
from helixc.interp.site import Array
from helixc.ir.logical import Output
from helixc.ir.spmd import Compute, Loop, Move, Spmd
from helixc.ir.tensor import real_sizes
from helixc.pytorch.weights import sliced_axis
from helixc.running.case import RunCase
from helixc.running.launch import Finished, Span

# How far results may be off, relative to the largest one: what some thousand roundings come to.
TOLERANCES: Mapping[str, float] = {"f64": 1e-11, "f32": 1e-3, "bf16": 0.25}


@attrs.frozen(kw_only=True)
class OutputFound:
    """How far an output of a step is from the model's (``exact``) and from what the program is to give.

    Both relative to the largest number of the output; ``replicas``: how far processes that should hold
    the same disagree.  ``step``: counted from 0.
    """

    name: str
    step: int
    exact: float
    expected: float
    replicas: float


@attrs.frozen(kw_only=True)
class StatementTime:
    """Seconds that one statement takes each time it runs, on the slowest process, and as predicted.

    ``runs``: how often that is in a step as written.  ``ratio``: measured over predicted; None where
    nothing is predicted.
    """

    name: str
    what: str
    measured: float
    predicted: float
    ratio: float | None
    runs: int


@attrs.frozen(kw_only=True)
class Outcome:
    """The verdict on a run, and where its time went."""

    outputs: tuple[OutputFound, ...]
    tolerance: float
    approximate: bool
    times: tuple[StatementTime, ...]

    @property
    def equal(self) -> bool:
        """Whether every output is what it is to be, on every process."""
        return all(max(o.expected, o.replicas) <= self.tolerance for o in self.outputs)


def outcome(case: RunCase, finished: Finished, dtype: str, written: Spmd) -> Outcome:
    """Compare what processes made with what they were to make.

    ``written``: the program at the sizes that are written, by which times are predicted.
    """
    found = tuple(
        _output(case, output, step, [blocks[output.name] for blocks in slices])
        for step, slices in enumerate(finished.steps)
        for output in case.program.outputs
    )
    return Outcome(
        outputs=found,
        tolerance=TOLERANCES[dtype],
        approximate=case.approximate,
        times=_times(written, finished),
    )


def _output(case: RunCase, output: Output, step: int, slices: Sequence[Array]) -> OutputFound:
    program = case.program
    dims, layout = program.types[output.value].dims, program.layouts[output.value]
    parts = [assemble(blocks, dims, layout, program.mesh) for blocks in slices]
    axis = sliced_axis(program, dims)
    real = real_sizes(program.dims)
    values = [part.value[tuple(slice(real.get(dim)) for dim in dims)] for part in parts]
    made = values[0] if axis < 0 else np.concatenate(values, axis)
    exact, expected = (
        _of(held[output.name], dims) for held in (case.exact[step], case.expected[step])
    )
    size = float(np.max(np.abs(made), initial=0.0)) or 1.0
    return OutputFound(
        name=output.name,
        step=step,
        exact=inf if exact is None else _apart(made, exact),
        expected=inf if expected is None else _apart(made, expected),
        replicas=max(part.disagreement for part in parts) / size,
    )


def _of(held: Held, dims: tuple[str, ...]) -> Array | None:
    """An output of the model with its axes in some order; None if it has other ones."""
    if set(held.dims) != set(dims):
        return None
    return held.ordered(dims)


def _apart(made: Array, wanted: Array) -> float:
    size = float(np.max(np.abs(wanted), initial=0.0)) or 1.0
    return float(np.max(distance(made, wanted), initial=0.0)) / size


def _times(program: Spmd, finished: Finished) -> tuple[StatementTime, ...]:
    """The statements in order of the program, with the longest time that a process took for each."""
    taken = [_taken(spans) for spans in finished.apart]
    if not any(taken):
        return ()
    prices = find_schedule(program).prices
    found: list[StatementTime] = []
    for statement, runs in _statements(program):
        measured = max(times.get(statement.result, 0.0) for times in taken)
        predicted = prices[statement.result].picoseconds / 1e12
        if predicted or measured > 0.0:
            found.append(
                StatementTime(
                    name=statement.result,
                    what=statement.op.kind if isinstance(statement, Compute) else _step(statement),
                    measured=measured,
                    predicted=predicted,
                    ratio=measured / predicted if predicted else None,
                    runs=runs,
                )
            )
    return tuple(found)


def _taken(spans: Iterable[Span]) -> Mapping[str, float]:
    """By the value of each statement how long one run of it took, on average."""
    taken: dict[str, list[float]] = {}
    for span in spans:
        taken.setdefault(span.value, []).append(span.end - span.start)
    return {value: sum(seconds) / len(seconds) for value, seconds in taken.items()}


def _step(move: Move) -> str:
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(move.step).__name__)
    return words.strip("_")


def _statements(program: Spmd) -> list[tuple[Compute | Move, int]]:
    """Every statement, and how often it runs in a step."""
    return list(_inside(program.body, 1))


def _inside(body: Iterable[object], runs: int) -> Iterable[tuple[Compute | Move, int]]:
    for statement in body:
        if isinstance(statement, Loop):
            yield from _inside(statement.body, runs * statement.trips)
        elif isinstance(statement, Compute | Move):
            yield statement, runs
