"""One version of a program, run: everything it holds, and its outputs.

The program of one slice runs once for every slice, each time on its own part of the inputs; what the
slices hold is then put together.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np

from helixc.interp.blocks import assemble
from helixc.interp.domain import Domain
from helixc.interp.held import Held, held_by_gpus, held_by_model, joined, without_padding
from helixc.interp.logical import Moment, Supply, Turns, run_logical
from helixc.interp.site import Array
from helixc.interp.spmd import ExecutionError, run_spmd
from helixc.ir.logical import Logical, Op
from helixc.ir.plan import Slices
from helixc.ir.spmd import Spmd
from helixc.ir.tensor import real_sizes


@attrs.frozen(eq=False)
class Version:
    """``held`` by the name of the value in the model and turn, ``outputs`` by name."""

    program: Logical | Spmd
    held: Mapping[Moment, Held]
    outputs: Mapping[str, Held]


def run_version(program: Logical | Spmd, supply: Supply, domain: Domain) -> Version:
    """Run a version, slice by slice if it is sliced.  Raises ``ExecutionError`` if it cannot be."""
    if program.slices is None:
        return _run(program, supply, domain)
    parts = [
        _run(program, SliceSupply(supply, program.slices, number), domain)
        for number in range(program.slices.count)
    ]
    leaves = program.slices.leaves
    return Version(
        program,
        {m: joined([part.held[m] for part in parts], leaves) for m in parts[0].held},
        {name: joined([part.outputs[name] for part in parts], leaves) for name in parts[0].outputs},
    )


@attrs.frozen(eq=False)
class SliceSupply:
    """What a source gives to one slice: its part of an input, and everything of any other."""

    whole: Supply
    slices: Slices
    number: int

    def __call__(self, op: Op, turns: Turns) -> Array:
        """The array of a source in a turn of this slice."""
        array = self.whole(op, turns)
        for axis, dim in enumerate(op.type.dims):
            if dim in self.slices.leaves:
                array = np.split(array, self.slices.count, axis)[self.number]
        return array


@attrs.frozen(eq=False)
class PaddedSupply:
    """What a source gives where dimensions are padded: zeros beyond what the model has."""

    real: Supply
    sizes: Mapping[str, int]
    padded: Mapping[str, int]

    def __call__(self, op: Op, turns: Turns) -> Array:
        """The array of a source in a turn."""
        array = self.real(op, turns)
        padded = self.padded
        lacks = [self.sizes[d] - padded[d] if d in padded else 0 for d in op.type.dims]
        return np.pad(array, [(0, count) for count in lacks]) if any(lacks) else array


def _run(program: Logical | Spmd, supply: Supply, domain: Domain) -> Version:
    """Run a version once; of what is padded only what the model has is told."""
    padded = real_sizes(program.dims)
    if not padded:
        return _run_all(program, supply, domain)
    whole = _run_all(program, PaddedSupply(supply, program.sizes, padded), domain)
    return Version(
        program,
        {moment: without_padding(held, padded) for moment, held in whole.held.items()},
        {name: without_padding(held, padded) for name, held in whole.outputs.items()},
    )


def _run_all(program: Logical | Spmd, supply: Supply, domain: Domain) -> Version:
    """Run a version once.  Raises ``ExecutionError`` if it cannot be executed."""
    if isinstance(program, Logical):
        try:
            held = held_by_model(program, run_logical(program, supply, domain))
        except (ValueError, LookupError, TypeError) as error:
            raise ExecutionError(program.name, str(error)) from error
        return Version(program, held, {o.name: held[o.value, ()] for o in program.outputs})
    trace = run_spmd(program, supply, domain)
    outputs: dict[str, Held] = {}
    for output in program.outputs:
        dims, layout = program.types[output.value].dims, program.layouts[output.value]
        whole = assemble(trace.values[output.value, ()], dims, layout, program.mesh)
        value = domain.settle(whole.value)[None]
        outputs[output.name] = Held(dims, value, disagreement=whole.disagreement)
    return Version(program, held_by_gpus(program, trace, domain), outputs)
