"""What came of a run: the outputs against those of the model, and measured times beside predicted ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import attrs
import numpy as np

from helixc.analysis.schedule import find_schedule
from helixc.analysis.spans import Span
from helixc.interp.blocks import assemble, distance
from helixc.interp.held import Held
from helixc.interp.site import Array
from helixc.ir.logical import Output
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, Move, Spmd
from helixc.ir.tensor import real_sizes
from helixc.price.interval import Price
from helixc.pytorch.weights import sliced_axis
from helixc.running.case import RunCase
from helixc.running.launch import Finished

_PICOSECONDS = 10**12
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
    """The verdict on a run, and where its time went.

    ``seconds``: those of the last step, with what overlaps, until the last process was done; None where
    nothing was timed.  ``predicted_seconds``: of a step at the sizes written, on the plan's cluster.
    """

    outputs: tuple[OutputFound, ...]
    tolerance: float
    approximate: bool
    times: tuple[StatementTime, ...]
    seconds: float | None
    predicted_seconds: float

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
    schedule = find_schedule(written)
    return Outcome(
        outputs=found,
        tolerance=TOLERANCES[dtype],
        approximate=case.approximate,
        times=_times(written, schedule.prices, finished),
        seconds=max((span.end for spans in finished.together for span in spans), default=None),
        predicted_seconds=schedule.picoseconds * slice_count(written) / _PICOSECONDS,
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


def _times(
    program: Spmd, prices: Mapping[str, Price], finished: Finished
) -> tuple[StatementTime, ...]:
    """The statements in order of the program, with the longest time that a process took for each."""
    taken = [_taken(spans) for spans in finished.apart]
    if not any(taken):
        return ()
    found: list[StatementTime] = []
    for statement, runs in _statements(program):
        measured = max(times.get(statement.result, 0.0) for times in taken)
        predicted = prices[statement.result].picoseconds / _PICOSECONDS
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
