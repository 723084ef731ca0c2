"""The price of every statement of a program on one GPU: what the schedule and the path are made from."""

from __future__ import annotations

from collections.abc import Callable

from helixc.analysis.local_compute import compute_price
from helixc.diagnostics import CompilerBug
from helixc.ir.layout import local_bytes
from helixc.ir.spmd import Compute, Move, Reshard, Spmd
from helixc.price.collective import CollectivePrices
from helixc.price.interval import Price

# The price of one statement on one GPU: replaceable by a table of measurements.
StatementPrice = Callable[[Compute | Move | Reshard], Price]


def default_prices(program: Spmd) -> StatementPrice:
    """For operators the price of one GPU; for steps of the layout algebra that by which they were chosen."""
    collectives = CollectivePrices(program.mesh, program.cluster)
    known: dict[str, Price] = {}

    def price(statement: Compute | Move | Reshard) -> Price:
        if statement.result not in known:
            match statement:
                case Compute():
                    known[statement.result] = compute_price(statement, program)
                case Move():
                    known[statement.result] = move_price(statement, program, collectives)
                case Reshard():
                    raise CompilerBug(f"the reshard of {statement.source} has not been expanded")
        return known[statement.result]

    return price


def move_price(move: Move, program: Spmd, collectives: CollectivePrices) -> Price:
    """Price of a step: the time that it says, with the bound and the error of such a step."""
    before = program.layouts[move.source]
    block = local_bytes(program.types[move.source], before, program.sizes, program.mesh)
    return collectives.price(move.step, block, before).price.at(move.picoseconds)
