"""What people call a value: the name written for it inside its layer, else the program's own one."""

from __future__ import annotations

from collections.abc import Mapping

from helixc.ir.logical import Op, Scope
from helixc.ir.ops import Fused
from helixc.ir.plan import Place
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, walk


def value_name(op: Op, scopes: tuple[Scope, ...]) -> str:
    """The name of an operator's result where it is computed, or in the layer that it is handed to.

    In a body that calls layers most statements rebind one name, so that this tells nothing; what a
    layer returns there without naming it keeps the program's name, as ``mlp.matmul``.
    """
    here = [place.name for place in op.names if place.scope == op.scope]
    layers = [place.name for place in op.names if scopes[place.scope].kind == "layer"]
    return next((name for name in here + layers if name), op.result)


def value_names(program: Spmd) -> Mapping[str, str]:
    """For every value of a program what people call it; a moved copy has its original's name."""
    names: dict[str, str] = {}
    for statement in walk(program.body):
        match statement:
            case Compute():
                names[statement.result] = value_name(statement.op, program.scopes)
                names.update(_names_inside(statement.op, program.scopes))
            case Move() | Reshard():
                names[statement.result] = names.get(statement.source, statement.result)
            case Loop():
                for value in statement.carried:
                    name = _first_name(value.names) or value.result
                    names[value.entry] = names[value.result] = name
    return names


def _names_inside(op: Op, scopes: tuple[Scope, ...]) -> Mapping[str, str]:
    """What people call the values that a kernel keeps inside."""
    members = op.params.body[:-1] if isinstance(op.params, Fused) else ()
    return {member.result: value_name(member, scopes) for member in members}


def _first_name(names: tuple[Place, ...]) -> str:
    return next((place.name for place in names if place.name), "")
