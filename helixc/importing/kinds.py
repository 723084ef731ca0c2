"""What each layer of a model is: with experts or without, with a window or without."""

from __future__ import annotations

import attrs

from helixc.importing.formulas import holds
from helixc.importing.reading import Reading


@attrs.frozen
class LayerKind:
    """What tells one layer from another."""

    sparse: bool
    windowed: bool


def layer_kinds(reading: Reading) -> tuple[LayerKind, ...]:
    """The layers of a model, the first one first."""
    family, depth = reading.family, reading.values["depth"]
    if not isinstance(depth, int):
        raise TypeError(depth)
    numbered = ({**reading.values, "layer": layer} for layer in range(depth))
    return tuple(
        LayerKind(sparse=holds(family.sparse, values), windowed=holds(family.windowed, values))
        for values in numbered
    )
