"""What people call a value: the name written where it is computed, not the program's unique one."""

from __future__ import annotations

from collections.abc import Mapping

from helixc.ir.logical import Op
from helixc.ir.plan import Place
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, walk


def value_name(op: Op) -> str:
    """The name of an operator's result in the layer that computes it, else where it is handed on."""
    return place_name(op.names, op.scope) or op.result


def place_name(names: tuple[Place, ...], scope: int) -> str:
    """The name that a value goes by in ``scope``, else its first name; "" if it has none."""
    here = [place.name for place in names if place.scope == scope and place.name]
    anywhere = [place.name for place in names if place.name]
    return next(iter(here + anywhere), "")


def value_names(program: Spmd) -> Mapping[str, str]:
    """For every value of a program what people call it; a moved copy has its original's name."""
    names: dict[str, str] = {}
    for statement in walk(program.body):
        match statement:
            case Compute():
                names[statement.result] = value_name(statement.op)
            case Move() | Reshard():
                original = names.get(statement.source, "")
                own = place_name(statement.names, statement.scope)
                names[statement.result] = original or own or statement.result
            case Loop():
                for value in statement.carried:
                    name = place_name(value.names, statement.scope) or value.result
                    names[value.entry] = names[value.result] = name
    return names
