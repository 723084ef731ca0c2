"""spmd -> spmd: expand every abstract reshard into the steps of its cheapest path."""

from __future__ import annotations

import attrs

from helixc.choice.difference import shape_of
from helixc.choice.reshard import ReshardSearch
from helixc.ir.invariants import NO_RESHARD, SPMD_FACTS
from helixc.ir.layout import local_bytes
from helixc.ir.spmd import Loop, Move, Reshard, Spmd, SpmdStatement
from helixc.passes.contract import Pass
from helixc.price.collective import CollectivePrices


def communicate(program: Spmd) -> Spmd:
    """The program with a collective, or a local step, wherever a value changes its layout."""
    search = ReshardSearch(CollectivePrices(program.mesh, program.cluster))
    return attrs.evolve(program, body=_expand_body(program.body, program, search))


def _expand_body(
    body: tuple[SpmdStatement, ...], program: Spmd, search: ReshardSearch
) -> tuple[SpmdStatement, ...]:
    expanded: list[SpmdStatement] = []
    for statement in body:
        match statement:
            case Reshard():
                expanded += _expand(statement, program, search)
            case Loop():
                inner = _expand_body(statement.body, program, search)
                expanded.append(attrs.evolve(statement, body=inner))
            case _:
                expanded.append(statement)
    return tuple(expanded)


def _expand(reshard: Reshard, program: Spmd, search: ReshardSearch) -> list[Move]:
    source = program.layouts[reshard.source]
    shape = shape_of(reshard.type, program.sizes)
    freely = reshard.freely if reshard.source in program.guarded else None
    path = search.path(shape, source, reshard.layout, freely=freely)
    if path is None:
        raise ValueError(f"{reshard.result}: no path from {source} to {reshard.layout}")
    moves: list[Move] = []
    held, before = reshard.source, source
    for number, leg in enumerate(path.legs, start=1):
        last = number == len(path.legs)
        name = reshard.result if last else f"{reshard.result}.{number}"
        size = local_bytes(reshard.type, before, program.sizes, program.mesh)
        moves.append(
            Move(
                result=name,
                source=held,
                step=leg.step,
                type=reshard.type,
                layout=leg.layout,
                scope=reshard.scope,
                names=reshard.names,
                why=reshard.why,
                picoseconds=leg.picoseconds,
                algorithm=search.prices.price(leg.step, size, before).algorithm,
            )
        )
        held, before = name, leg.layout
    return moves


COMMUNICATE = Pass(
    name="communicate",
    run=communicate,
    source=Spmd,
    target=Spmd,
    needs=frozenset(SPMD_FACTS),
    gives=frozenset({NO_RESHARD}),
)
