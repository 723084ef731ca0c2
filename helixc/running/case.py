"""What a run of a program on real processes is given, and what it must come to.

The model is run here, in the arithmetic of the proof, on the same random inputs and weights that the
processes get.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np

from helixc.compiler import Compilation
from helixc.diagnostics import CompilerBug
from helixc.interp.approximation import divided_dims
from helixc.interp.data import Data
from helixc.interp.domain import REALS
from helixc.interp.held import Held
from helixc.interp.logical import Supply
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
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd
from helixc.ir.tensor import Dim, real_sizes
from helixc.pytorch.weights import Source, inputs_of, weights_of


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
    fewer: tuple[str, ...]


@attrs.frozen(eq=False, kw_only=True)
class RunCase:
    """A program that is to run, whole tensors for its inputs and weights by name, and what comes out.

    ``exact``: the outputs of the model; ``expected``: those of the model as the plan's ``local`` lines
    rewrite it, which the program must give.  ``fewer``: the mesh axes that are smaller than written.
    """

    program: Spmd
    inputs: Mapping[str, Array]
    weights: Mapping[str, Array]
    exact: Mapping[str, Held]
    expected: Mapping[str, Held]
    approximate: bool
    fewer: tuple[str, ...]


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
        fewer=shrunk_axes(versions, instance),
    )


def run_case(sized: Sized, *, seed: int = 0) -> RunCase:
    """What processes get and must make; the model runs here for it."""
    program = sized.program
    supply = Data(sized.model, seed, "normal", sized.divided)

    def arrays(sources: tuple[Source, ...]) -> dict[str, Array]:
        return {source.name: _array(program, supply, source) for source in sources}

    return RunCase(
        program=program,
        inputs=arrays(inputs_of(program)),
        weights=arrays(weights_of(program)),
        exact=run_version(sized.model, supply, REALS).outputs,
        expected=run_version(sized.rewritten, supply, REALS).outputs,
        approximate=bool(sized.rewritten.approximations),
        fewer=sized.fewer,
    )


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
