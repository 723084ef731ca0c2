"""Dimensions by position: inside the choice a layout speaks of the first, the second dimension of its value.

Equal layers have dimensions of their own, so by position their values have equal layouts, and what is
found out about one layer serves the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from helixc.choice.difference import Shape, shape_of
from helixc.ir.layout import WHOLE, Layout, rename_layout
from helixc.ir.tensor import Sizes, TensorType


@cache
def digits(number: int) -> str:
    """The name of a dimension, or of a factor, that goes by number; names sort as the numbers do."""
    return f"{number:03}"


def by_position(layout: Layout, dims: Sequence[str]) -> Layout:
    """The layout of a value with its dimensions called by their positions."""
    if layout == WHOLE:
        return WHOLE
    return rename_layout(layout, {dim: digits(i) for i, dim in enumerate(dims)})


def by_name(layout: Layout, dims: Sequence[str]) -> Layout:
    """The layout of a value with its dimensions called by their names."""
    if layout == WHOLE:
        return WHOLE
    return rename_layout(layout, {digits(i): dim for i, dim in enumerate(dims)})


def shape_by_position(type_: TensorType, sizes: Sizes) -> Shape:
    """A type with its dimensions called by their positions."""
    return shape_of(type_, sizes, {dim: digits(i) for i, dim in enumerate(type_.dims)})
