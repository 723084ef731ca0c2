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


def weight_array(program: Logical, op: Op, placed: Placed, fetch: Callable[[str], Array]) -> Array:
    """The weight that ``op`` declares, its axes in the order of its type; ``fetch`` gives a tensor by name."""
    parts = [_part(program, stored, placed.part, fetch(stored.name)) for stored in placed.stored]
    array, leaves = np.stack([array for array, _ in parts]), parts[0][1]
    if placed.stored[0].expert < 0:
        array = array[0]
    else:
        expert = _leaves(program, "expert")
        leaves = (*expert, *leaves)
        array = array.reshape([program.sizes[leaf] for leaf in leaves])
    return array.transpose([leaves.index(dim) for dim in op.type.dims])


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


def _part(
    program: Logical, stored: Stored, part: int, tensor: Array
) -> tuple[Array, tuple[str, ...]]:
    """One part of a tensor, and the leaf dimensions of its axes."""
    factors = [factor for axis in stored.row.axes.split(", ") for factor in axis.split("*")]
    extents = [[_extent(program, name) for name in _names(factor)] for factor in factors]
    array = tensor.reshape([sum(sizes) for sizes in extents])
    leaves: list[str] = []
    for axis, (factor, sizes) in enumerate(zip(factors, extents, strict=True)):
        one = part if len(sizes) > 1 else 0
        places = np.arange(sum(sizes[:one]), sum(sizes[: one + 1]))
        array = array.take(places, axis=axis)
        leaves += _leaves(program, _names(factor)[one])
    return array.reshape([program.sizes[leaf] for leaf in leaves]), tuple(leaves)


def _names(factor: str) -> list[str]:
    return factor.strip("()").split("|")


def _extent(program: Logical, name: str) -> int:
    return int(np.prod([program.sizes[leaf] for leaf in _leaves(program, name)], dtype=int))


def _leaves(program: Logical, name: str) -> tuple[str, ...]:
    """The leaves of a dimension of the model; none for ``1``."""
    if name == "1":
        return ()
    return next(dim.leaves for dim in program.scopes[0].dims if dim.name == name)
