"""Runs a partitioned program: one block per simulated GPU for every value, collectives and all."""

from __future__ import annotations

import attrs
import numpy as np

from helixc.interp.blocks import assemble, scatter
from helixc.interp.collectives import run_step
from helixc.interp.devices import Devices
from helixc.interp.domain import REALS, Domain
from helixc.interp.logical import Supply, Trace, Turns, operands_of
from helixc.interp.site import Array, Site
from helixc.ir.layout import local_sizes
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Loop, LoopValue, Move, Reshard, Spmd, SpmdStatement
from helixc.ir.tensor import TensorType


class ExecutionError(Exception):
    """A partitioned program that cannot be executed; ``value`` is what it was about to produce."""

    def __init__(self, value: str, reason: str) -> None:
        self.value = value
        self.reason = reason
        super().__init__(f"{value}: {reason}")


@attrs.frozen(eq=False)
class _Run:
    program: Spmd
    devices: Devices
    supply: Supply
    domain: Domain
    trace: Trace


def run_spmd(program: Spmd, supply: Supply, domain: Domain = REALS) -> Trace:
    """Every value's blocks, shape (GPUs, local sizes).  Raises ``ExecutionError``."""
    run = _Run(program, Devices(program.mesh), supply, domain, Trace())
    with np.errstate(all="ignore"):
        _run_body(run, program.body, ())
    return run.trace


def _run_body(run: _Run, body: tuple[SpmdStatement, ...], turns: Turns) -> None:
    for statement in body:
        if isinstance(statement, Loop):
            _run_loop(run, statement, turns)
            continue
        try:
            blocks = _run_statement(run, statement, turns)
            _check_shape(run, blocks, statement)
        except (ValueError, LookupError, TypeError) as error:
            raise ExecutionError(statement.result, str(error)) from error
        run.trace.record(statement.result, turns, blocks)


def _run_loop(run: _Run, loop: Loop, turns: Turns) -> None:
    state = [_carried(run, value, value.init) for value in loop.carried]
    for turn in range(loop.trips):
        inner = (*turns, turn)
        for value, blocks in zip(loop.carried, state, strict=True):
            run.trace.record(value.entry, inner, blocks)
        _run_body(run, loop.body, inner)
        state = [_carried(run, value, value.yields) for value in loop.carried]
    for value, blocks in zip(loop.carried, state, strict=True):
        run.trace.record(value.result, turns, blocks)


def _carried(run: _Run, value: LoopValue, source: str) -> Array:
    found = run.program.layouts.get(source)
    if found != value.layout:
        raise ExecutionError(value.entry, f"{source} comes as {found}, not as {value.layout}")
    return _in_order(run, source, value.type)


def _run_statement(run: _Run, statement: Compute | Reshard | Move, turns: Turns) -> Array:
    program = run.program
    match statement:
        case Compute():
            return _run_compute(run, statement, turns)
        case Reshard():
            dims = statement.type.dims
            blocks = _in_order(run, statement.source, statement.type)
            whole = assemble(blocks, dims, program.layouts[statement.source], program.mesh)
            return scatter(whole.value, dims, statement.layout, program.mesh)
        case Move():
            before = program.layouts[statement.source]
            blocks = _in_order(run, statement.source, statement.type)
            dims = statement.type.dims
            return run.domain.settle(run_step(blocks, dims, before, statement.step, run.devices))


def _in_order(run: _Run, source: str, type_: TensorType) -> Array:
    """The blocks of a value, axes in the order of ``type_``, which has the same dimensions."""
    blocks, have = run.trace.latest[source], run.program.types[source].dims
    if have == type_.dims:
        return blocks
    return blocks.transpose(0, *(have.index(dim) + 1 for dim in type_.dims))


def _run_compute(run: _Run, compute: Compute, turns: Turns) -> Array:
    op, program = compute.op, run.program
    if OPS[op.kind].work == "source":
        return scatter(run.supply(op, turns), op.type.dims, compute.layout, program.mesh)
    operands = operands_of(op, run.domain, run.trace.latest)
    blocks = run.domain.meanings[op.kind](site_on_gpus(program, compute, run.devices), operands)
    return run.domain.settle(blocks)


def site_on_gpus(program: Spmd, compute: Compute, devices: Devices) -> Site:
    """Where an operator of a partitioned program runs: on the blocks of some GPUs, one lane each."""
    op, types = compute.op, program.types

    def positions(dim: str) -> Array:
        # What the result lacks is split as the operand that has it.
        holders = (program.layouts[o] for o in op.reads if dim in types[o].dims)
        layout = compute.layout if dim in op.type.dims else next(holders)
        atoms = layout.atoms_of(dim)
        ways = program.mesh.ways(atoms)
        local = program.sizes[dim] // ways
        block = (devices.ranks(atoms) + layout.places_of(dim)) % ways
        return block[:, None] * local + np.arange(local)

    return Site(
        operands=tuple(types[o].dims if isinstance(o, str) else () for o in op.operands),
        dims=op.type.dims,
        over=op.over,
        params=op.params,
        sizes=program.sizes,
        positions=positions,
    )


def _check_shape(run: _Run, blocks: Array, statement: Compute | Reshard | Move) -> None:
    sizes = local_sizes(statement.type, statement.layout, run.program.sizes, run.program.mesh)
    expected = (run.devices.count, *sizes.values())
    if blocks.shape != expected:
        raise ValueError(f"blocks of shape {blocks.shape[1:]}, the layout says {expected[1:]}")
