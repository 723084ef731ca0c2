"""What the scopes of a program add to the names of what they keep: ``layer.0.mha.wq``."""

from __future__ import annotations

from collections.abc import Mapping

from helixc.ir.logical import Scope, ancestors


def place_of(scopes: tuple[Scope, ...], scope: int, turns: Mapping[int, str]) -> str:
    """``layer.0.mha.``: the prefix of the weights of a scope; ``turns`` are those of the repeats around it."""
    chain = [scopes[s] for s in reversed(tuple(ancestors(scopes, scope))) if scopes[s].parent >= 0]
    return "".join(f"{step_of(found, turns)}." for found in chain)


def step_of(scope: Scope, turns: Mapping[int, str]) -> str:
    """``mha_2`` or ``layer.0``: what one scope adds to the names of its weights."""
    if scope.kind == "repeat":
        return f"{scope.name}.{turns[scope.id]}"
    return scope.name if scope.call == 0 else f"{scope.name}_{scope.call + 1}"
