"""Which tensor of a checkpoint each weight of the compiled model is, and the weight as an array.

The table of a family knows weights by their path inside one layer (``gqa.wq``, ``rms[1].gain``); a program knows
them by the call that declares them, inside a repeat of which a turn may hold several layers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

import attrs
import numpy as np

from helixc.importing.checkpoint import Stored, stored_tensors
from helixc.importing.kinds import layer_kinds
from helixc.importing.patterns import find_repeats
from helixc.importing.reading import Reading
from helixc.ir.logical import Logical
from helixc.ir.ops import OPS, Op
from helixc.pytorch.recipes import Recipe

Array = np.ndarray
# Names of the calls around a weight, outermost first, each with its number, and the weight's own.
Path = tuple[tuple[str, int], ...]
# A weight of a program, and the turn of each repeat around it.
Moment = tuple[str, tuple[int, ...]]

_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


@attrs.frozen
class Placed:
    """Where a weight lies: part ``part`` of one tensor, or of as many as there are experts, one behind the other."""

    stored: tuple[Stored, ...]
    part: int


def place_weights(program: Logical, reading: Reading) -> dict[Moment, Placed]:
    """The place of every weight of an imported model, in each turn.

    Raises ``KeyError`` for a weight that no row of the family's table knows: the text was changed by hand.
    """
    known = _placed(reading)
    first, lengths = _layers(reading)
    repeats = [scope.id for scope in program.scopes if scope.kind == "repeat"]
    places: dict[Moment, Placed] = {}
    weights = {name: op for name, op in program.stored.items() if OPS[op.kind].kept == "weight"}
    for name, op in weights.items():
        repeat, path = _path(program, op)
        if repeat is None:
            places[name, ()] = known[-1, path]
            continue
        region = repeats.index(repeat)
        for turn in range(program.scopes[repeat].turns):
            layer = first[region] + turn * lengths[region]
            places[name, (turn,)] = known[layer, path]
    return places


def recipe_of(program: Logical, op: Op, placed: Placed) -> Recipe:
    """How the weight that ``op`` declares comes out of the tensors where it lies."""
    first = placed.stored[0]
    shape: list[int] = []
    cut: list[tuple[int, int]] = []
    leaves = list(_leaves(program, "expert") if first.expert >= 0 else ())
    for factor in (factor for axis in first.row.axes.split(", ") for factor in axis.split("*")):
        names = factor.strip("()").split("|")
        sizes = [_extent(program, name) for name in names]
        part = placed.part if len(names) > 1 else 0
        shape.append(sum(sizes))
        cut.append((sum(sizes[:part]), sum(sizes[: part + 1])))
        leaves += _leaves(program, names[part])
    return Recipe(
        tensors=tuple(stored.name for stored in placed.stored),
        shape=tuple(shape),
        cut=tuple(cut),
        factors=tuple(program.sizes[leaf] for leaf in leaves),
        order=tuple(leaves.index(dim) for dim in op.type.dims),
    )


def weight_array(program: Logical, op: Op, placed: Placed, fetch: Callable[[str], Array]) -> Array:
    """The weight that ``op`` declares, its axes in the order of its type; ``fetch`` gives a tensor by name."""
    recipe = recipe_of(program, op, placed)
    cut = tuple(slice(*ends) for ends in recipe.cut)
    parts = [fetch(name).reshape(recipe.shape)[cut] for name in recipe.tensors]
    return np.stack(parts).reshape(recipe.factors).transpose(recipe.order)


def _placed(reading: Reading) -> Mapping[tuple[int, Path], Placed]:
    """Places by the first layer of the turn (-1: outside of all) and the path in it."""
    owner, offsets = _turns(reading)
    found: dict[tuple[int, Path], Placed] = {}
    for stored in stored_tensors(reading):
        for part, weight in enumerate(stored.row.weights):
            path = _parsed(weight)
            if stored.layer >= 0:
                (name, call), *rest = path
                path = ((name, call + offsets[stored.layer][name]), *rest)
            key = (owner[stored.layer] if stored.layer >= 0 else -1, path)
            before = found[key].stored if key in found else ()
            found[key] = Placed((*before, stored), part)
    return found


def _turns(reading: Reading) -> tuple[list[int], list[Counter[str]]]:
    """For each layer the first one of its turn, and how often layers before it in the turn call each name."""
    calls: dict[int, Counter[str]] = {}
    for stored in stored_tensors(reading):
        counted = calls.setdefault(stored.layer, Counter())
        for weight in stored.row.weights:
            name, call = _parsed(weight)[0]
            counted[name] = max(counted[name], call + 1)
    owner: list[int] = []
    offsets: list[Counter[str]] = []
    for turns, turn in find_repeats(layer_kinds(reading)):
        for _ in range(turns):
            start, before = len(owner), Counter[str]()
            for _ in turn:
                offsets.append(Counter(before))
                before.update(calls[len(owner)])
                owner.append(start)
    return owner, offsets


def _layers(reading: Reading) -> tuple[list[int], list[int]]:
    """For each repeat its first layer, and how many a turn of it holds."""
    first, lengths, count = list[int](), list[int](), 0
    for turns, turn in find_repeats(layer_kinds(reading)):
        first.append(count)
        lengths.append(len(turn))
        count += turns * len(turn)
    return first, lengths


def _parsed(weight: str) -> Path:
    steps = [_STEP.fullmatch(step) for step in weight.split(".")]
    return tuple((step[1], int(step[2] or 0)) for step in steps if step is not None)


def _path(program: Logical, op: Op) -> tuple[int | None, Path]:
    """The repeat around a weight, if any, and its path from there."""
    steps = [(op.home.name, 0)]
    scope = program.scopes[op.home.scope]
    while scope.kind == "layer":
        steps.append((scope.name, scope.call))
        scope = program.scopes[scope.parent]
    return (scope.id if scope.kind == "repeat" else None), tuple(reversed(steps))


def _extent(program: Logical, name: str) -> int:
    return int(np.prod([program.sizes[leaf] for leaf in _leaves(program, name)], dtype=int))


def _leaves(program: Logical, name: str) -> tuple[str, ...]:
    """The leaves of a dimension of the model; none for ``1``."""
    if name == "1":
        return ()
    return next(dim.leaves for dim in program.scopes[0].dims if dim.name == name)
