"""How weights come out of the tensors of a checkpoint that has other names and shapes than the model."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen
class Recipe:
    """One weight: tensors, each taken in a shape and cut along every axis of it, then all stacked.

    What that gives is taken in the shape ``factors``, whose axes ``order`` puts as the model has them.
    """

    tensors: tuple[str, ...]
    shape: tuple[int, ...]
    cut: tuple[tuple[int, int], ...]
    factors: tuple[int, ...]
    order: tuple[int, ...]


@attrs.frozen(eq=False)
class Checkpoint:
    """Recipes by the value that declares a weight and the turns around it.

    ``prefix``: what names of tensors may begin with and need not.
    """

    recipes: Mapping[tuple[str, tuple[int, ...]], Recipe]
    prefix: str = ""


NO_CHECKPOINT = Checkpoint({})
