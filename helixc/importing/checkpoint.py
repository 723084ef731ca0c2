"""The tensors that a checkpoint of a model holds: names, shapes, and where each lies in the model."""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs

from helixc.importing.fields import Tensor
from helixc.importing.formulas import Values, formula, holds
from helixc.importing.kinds import layer_kinds
from helixc.importing.reading import Reading


@attrs.frozen
class Stored:
    """One tensor of a checkpoint: ``layer`` and ``expert`` are -1 where its name counts none."""

    name: str
    shape: tuple[int, ...]
    row: Tensor
    layer: int = -1
    expert: int = -1


def stored_tensors(reading: Reading) -> Iterator[Stored]:
    """Every tensor of the checkpoint, in the order of the table, layer by layer."""
    yield from _of_layer(reading, reading.values, -1)
    for layer, kind in enumerate(layer_kinds(reading)):
        yield from _of_layer(reading, {**reading.values, **attrs.asdict(kind)}, layer)


def count_elements(reading: Reading) -> int:
    """How many parameters the model has: what its checkpoint holds, without what is not trained."""
    total = sum(_elements(reading, reading.values, layers=False))
    kinds = layer_kinds(reading)
    for kind in dict.fromkeys(kinds):
        one = sum(_elements(reading, {**reading.values, **attrs.asdict(kind)}, layers=True))
        total += one * kinds.count(kind)
    return total


def count_tensors(reading: Reading) -> int:
    """How many tensors the checkpoint has, before they are made one by one."""
    layers = [(reading.values, False)]
    layers += [({**reading.values, **attrs.asdict(kind)}, True) for kind in layer_kinds(reading)]
    return sum(
        _copies(row, values)
        for values, inner in layers
        for row in _rows(reading, values, layers=inner)
    )


def _elements(reading: Reading, values: Values, *, layers: bool) -> Iterator[int]:
    for row in _rows(reading, values, layers=layers):
        if not row.frozen:
            yield math.prod(_shape(row, values)) * _copies(row, values)


def _rows(reading: Reading, values: Values, *, layers: bool) -> Iterator[Tensor]:
    for row in reading.family.tensors:
        if row.weights and ("{layer}" in row.name) == layers and holds(row.when, values):
            yield row


def _of_layer(reading: Reading, values: Values, layer: int) -> Iterator[Stored]:
    for row in _rows(reading, values, layers=layer >= 0):
        shape = _shape(row, values)
        counted = "{expert}" in row.name
        for expert in range(_copies(row, values)):
            name = row.name.replace("{layer}", str(layer)).replace("{expert}", str(expert))
            yield Stored(name, shape, row, layer, expert if counted else -1)


def _copies(row: Tensor, values: Values) -> int:
    return _whole("expert", values) if "{expert}" in row.name else 1


def _shape(row: Tensor, values: Values) -> tuple[int, ...]:
    return tuple(
        math.prod(_extent(part, values) for part in axis.split("*"))
        for axis in row.axes.split(", ")
    )


def _extent(part: str, values: Values) -> int:
    """Places along one factor of an axis; the parts of ``(a|b)`` lie one behind the other."""
    return sum(_whole(one, values) for one in part.strip("()").split("|"))


def _whole(name: str, values: Values) -> int:
    value = formula(name, values)
    if not isinstance(value, int):
        raise TypeError(name)
    return value
