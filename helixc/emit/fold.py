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
    """What a drawing shows of a program: the part, perhaps with loops that turn once, and one GPU.

    ``turns`` and ``gpus`` say whether one stands for all; ``tasks`` is the number without folding.
    """

    program: Spmd
    selection: Selection
    tasks: int
    turns: bool = False
    gpus: bool = False


def fold(
    program: Spmd, selection: Selection, budget: int, keep: frozenset[int] = frozenset()
) -> Fold:
    """The least folding with which a drawing has at most ``budget`` tasks: turns first, then GPUs.

    The loops of the scopes in ``keep`` stay as they are.
    """
    tasks = count_tasks(program, selection)
    if tasks <= budget:
        return Fold(program=program, selection=selection, tasks=tasks)
    once = attrs.evolve(program, body=_once(program.body, keep))
    turns = tuple(entry for entry in selection.turns if entry[0] in keep)
    kept = attrs.evolve(selection, turns=turns)
    fewer = count_tasks(once, kept)
    if fewer == tasks:
        once, kept = program, selection
    one_gpu = fewer > budget and program.mesh.devices > 1
    if one_gpu:
        kept = attrs.evolve(kept, gpus=(0 if selection.gpus is None else selection.gpus[0],))
    return Fold(program=once, selection=kept, tasks=tasks, turns=fewer < tasks, gpus=one_gpu)


def _once(body: tuple[SpmdStatement, ...], keep: frozenset[int]) -> tuple[SpmdStatement, ...]:
    return tuple(
        attrs.evolve(
            statement,
            trips=statement.trips if statement.scope in keep else min(statement.trips, 1),
            body=_once(statement.body, keep),
        )
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
