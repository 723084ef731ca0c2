"""What a run of a program on real processes is given, and what it must come to.

The model is run here, in the arithmetic of the proof, on the same random inputs and weights that the
processes get.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs
import numpy as np

from helixc.compiler import Compilation
from helixc.diagnostics import CompilerBug, Diagnostic, HelixError
from helixc.interp.approximation import divided_dims
from helixc.interp.data import Data
from helixc.interp.domain import REALS
from helixc.interp.held import Held
from helixc.interp.logical import Supply, Turns
from helixc.interp.shrink import (
    Instance,
    full_instance,
    shrink,
    shrink_model,
    shrunk_axes,
    smallest_instance,
)
from helixc.interp.site import Array
from helixc.interp.version import PaddedSupply, SliceSupply, run_version
from helixc.ir.advance import Advance, moved, steps_before
from helixc.ir.logical import Logical, Op
from helixc.ir.ops import OPS
from helixc.ir.plan import Place
from helixc.ir.spmd import Spmd
from helixc.ir.tensor import Dim, real_sizes
from helixc.pytorch.weights import Source, inputs_of, resting_of
from helixc.running.advance import find_advance


@attrs.frozen(eq=False, kw_only=True)
class Sized:
    """The programs of a run at its sizes: the model, the model as the plan rewrites it, and what runs.

    ``divided``: which of the model's dimensions are written as products.  ``fewer``: the mesh axes that
    are smaller than written, in words.
    """

    model: Logical
    rewritten: Logical
    program: Spmd
    divided: Mapping[str, tuple[Dim, ...]]
    advance: Advance
    fewer: tuple[str, ...]


@attrs.frozen(eq=False, kw_only=True)
class RunCase:
    """A program that is to run, whole tensors by name, and what comes out in each step.

    ``inputs``: those of the steps one after the other; ``weights``: states as well.  ``exact``: the outputs
    of the model; ``expected``: those of the model as the plan's ``local`` lines rewrite it, which the
    program must give.  ``fewer``: the mesh axes that are smaller than written.
    """

    program: Spmd
    advance: Advance
    inputs: Mapping[str, Array]
    weights: Mapping[str, Array]
    exact: tuple[Mapping[str, Held], ...]
    expected: tuple[Mapping[str, Held], ...]
    approximate: bool
    fewer: tuple[str, ...]

    @property
    def steps(self) -> int:
        """How many steps run; the last one is the one that is written."""
        return len(self.exact)


def sized(compilation: Compilation, *, small: bool) -> Sized:
    """The programs of a compilation, at their least faithful sizes or at those that are written."""
    model, stages = compilation.logical, compilation.stages[1:]
    versions = [program for _, program in stages]
    last = [version for version in versions if isinstance(version, Logical)][-1]
    divided = divided_dims(model, last)
    instance = _instance(model, versions, divided, small=small)
    program = shrink(compilation.spmd, instance)
    if not isinstance(program, Spmd):
        raise CompilerBug("a program of another level comes of shrinking one")
    return Sized(
        model=shrink_model(model, instance),
        rewritten=shrink_model(last, instance),
        program=program,
        divided={
            dim: tuple(attrs.evolve(part, size=instance.sizes[part.name]) for part in found)
            for dim, found in divided.items()
        },
        advance=find_advance(compilation),
        fewer=shrunk_axes(versions, instance),
    )


def run_case(sized: Sized, *, seed: int = 0, steps: int = 1) -> RunCase:
    """What processes get and must make in some steps; the model runs here for it.

    Raises ``HelixError`` if there are not so many steps.
    """
    check_steps(sized, steps)
    program = sized.program
    data = [Data(sized.model, seed + n, "normal", sized.divided) for n in range(steps)]
    inputs = [
        {source.name: _array(program, supply, source) for source in inputs_of(program)}
        for supply in data
    ]
    kept = resting_of(program)
    return RunCase(
        program=program,
        advance=sized.advance,
        inputs={name: _one_after_the_other([step[name] for step in inputs]) for name in inputs[0]},
        weights={source.name: _array(program, data[0], source) for source in kept},
        exact=tuple(_run_steps(sized.model, data, sized.advance)),
        expected=tuple(_run_steps(sized.rewritten, data, sized.advance)),
        approximate=bool(sized.rewritten.approximations),
        fewer=sized.fewer,
    )


def check_steps(sized: Sized, steps: int) -> None:
    """Raise ``HelixError`` if there are not so many steps."""
    most = steps_before(sized.model, sized.advance) + 1
    if sized.advance.starts and steps > most:
        message = (
            f"{steps} steps end at the place that the model says, and before it is room for "
            f"{most - 1}: a first one would begin before the start of what is kept"
        )
        raise HelixError([Diagnostic("HX1112", message, legal=(f"--steps {most}",))])


def _one_after_the_other(arrays: Sequence[Array]) -> Array:
    return arrays[0] if len(arrays) == 1 else np.concatenate([*map(np.atleast_1d, arrays)])


def _run_steps(
    program: Logical, data: Sequence[Supply], advance: Advance
) -> Iterator[Mapping[str, Held]]:
    """The outputs of each step; states are those that the step before has left."""
    states: dict[tuple[Place, Turns], Held] = {}
    places = advance.places(program)
    for number, inputs in enumerate(data):
        step = moved(program, advance, places * (number + 1 - len(data)))
        version = run_version(step, _StepSupply(data[0], inputs, states), REALS)
        for (name, turns), held in version.held.items():
            maker = step.makers.get(name)
            if maker is not None and OPS[maker.kind].rests:
                states[maker.home, turns] = held
        yield version.outputs


@attrs.frozen(eq=False)
class _StepSupply:
    """What sources give in one step: inputs of its own, weights of all, and states as they were left."""

    weights: Supply
    inputs: Supply
    states: Mapping[tuple[Place, Turns], Held]

    def __call__(self, op: Op, turns: Turns) -> Array:
        """The array of a source in a turn."""
        if op.kind == "input":
            return self.inputs(op, turns)
        held = self.states.get((op.home, turns))
        return self.weights(op, turns) if held is None else held.ordered(op.type.dims)


def _array(program: Spmd, supply: Supply, source: Source) -> Array:
    """A whole tensor, with zeros where a dimension is padded; every slice of a step is padded on its own."""
    supplies: list[Supply] = [supply]
    if program.slices is not None and source.sliced >= 0:
        slices = program.slices
        supplies = [SliceSupply(supply, slices, number) for number in range(slices.count)]
    real = real_sizes(program.dims)
    padded = (PaddedSupply(one, program.sizes, real) for one in supplies)
    parts = [np.asarray(one(source.op, source.turns)) for one in padded]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, source.sliced)


def _instance(
    model: Logical,
    versions: list[Logical | Spmd],
    divided: Mapping[str, tuple[Dim, ...]],
    *,
    small: bool,
) -> Instance:
    if not small:
        return full_instance((model, *versions))
    names = {dim: tuple(part.name for part in parts) for dim, parts in divided.items()}
    return smallest_instance(model, versions, names)
