"""Folding: equal turns and equal GPUs stand for each other, so that a drawing stays readable.

All turns of a loop are equal, and, since blocks have equal sizes, so are all GPUs.  A folded drawing
shows one of each and says for how many it stands.
"""

from __future__ import annotations

import attrs

from helixc.ir.device import Selection, templates_of
from helixc.ir.spmd import Loop, Spmd, SpmdStatement


@attrs.frozen(kw_only=True)
class Fold:
    """Whether a drawing shows one turn of each loop, and one GPU, for all; how large it was before."""

    turns: bool = False
    gpus: bool = False
    unfolded_nodes: int = 0


def choose_fold(program: Spmd, selection: Selection, budget: int) -> Fold:
    """The least folding with which a drawing has at most ``budget`` nodes: turns first, then GPUs."""
    nodes = count_tasks(program, selection)
    if nodes <= budget:
        return Fold()
    folded, kept = fold_turns(program), attrs.evolve(selection, turns=())
    fewer = count_tasks(folded, kept)
    turns = fewer < nodes
    return Fold(turns=turns, gpus=fewer > budget and program.mesh.devices > 1, unfolded_nodes=nodes)


def fold_turns(program: Spmd) -> Spmd:
    """The program with every loop turning once."""
    return attrs.evolve(program, body=_once(program.body))


def _once(body: tuple[SpmdStatement, ...]) -> tuple[SpmdStatement, ...]:
    return tuple(
        attrs.evolve(statement, trips=min(statement.trips, 1), body=_once(statement.body))
        if isinstance(statement, Loop)
        else statement
        for statement in body
    )


def count_tasks(program: Spmd, selection: Selection) -> int:
    """Number of tasks of a selection, counted without making any."""
    mesh = program.mesh
    gpus = tuple(range(mesh.devices)) if selection.gpus is None else selection.gpus
    kept = dict(selection.turns)
    places: dict[tuple[str, ...], int] = {}
    total = 0
    for template in templates_of(program):
        if selection.values is not None and template.value not in selection.values:
            continue
        atoms = template.atoms or ()
        if atoms not in places:
            rest = tuple(a.name for a in mesh.atoms if a.name not in atoms)
            places[atoms] = len({mesh.rank(gpu, rest) for gpu in gpus})
        turns = 1
        for loop in template.loops:
            turns *= len(kept[loop.scope]) if loop.scope in kept else loop.trips
        total += places[atoms] * turns
    return total
