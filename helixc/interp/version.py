"""One version of a program, run: everything it holds, and its outputs."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.interp.blocks import assemble
from helixc.interp.domain import Domain
from helixc.interp.held import Held, held_by_gpus, held_by_model
from helixc.interp.logical import Moment, Supply, run_logical
from helixc.interp.spmd import ExecutionError, run_spmd
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd


@attrs.frozen(eq=False)
class Version:
    """``held`` by the name of the value in the model and turn, ``outputs`` by name."""

    program: Logical | Spmd
    held: Mapping[Moment, Held]
    outputs: Mapping[str, Held]


def run_version(program: Logical | Spmd, supply: Supply, domain: Domain) -> Version:
    """Run a version.  Raises ``ExecutionError`` if it cannot be executed."""
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
