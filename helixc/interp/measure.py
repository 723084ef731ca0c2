"""Differences in figures: of the outputs, and of an approximation where it first shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from helixc.analysis.names import value_name
from helixc.interp.approximation import dim_name, statement
from helixc.interp.blocks import distance
from helixc.interp.check_values import Checked
from helixc.interp.domain import REALS
from helixc.interp.held import as_in_model
from helixc.interp.reference import Reference
from helixc.interp.site import Array
from helixc.interp.verdict import ApproximationFound, OutputDifference
from helixc.interp.version import Version
from helixc.ir.logical import Logical
from helixc.ir.plan import Approximation
from helixc.ir.tensor import Dim


def compare_outputs(
    reference: Reference, version: Version, divided: Mapping[str, Sequence[Dim]]
) -> tuple[OutputDifference, ...]:
    """Every output that both have with the same dimensions, and what rounding can do to it."""
    found: list[OutputDifference] = []
    for output in reference.program.outputs:
        held = version.outputs.get(output.name)
        dims = reference.program.types[output.value].dims
        like = None if held is None else as_in_model(held, dims, divided)
        expected = reference.trace.values[output.value, ()]
        if like is None or like.value.shape != expected.shape:
            continue
        apart = distance(like.value, expected)
        exact = reference.domain is not REALS
        bound = 0.0 if exact else 2.0 * float(np.max(reference.total[output.value, ()]))
        relative = _relative(apart, expected)
        found.append(OutputDifference(output.name, float(apart.max()), relative, bound))
    return tuple(found)


def _relative(apart: Array, expected: Array) -> float:
    """The norm of a difference over the norm of what is expected, where that is finite."""
    finite = np.isfinite(expected) & np.isfinite(apart)
    size = float(np.linalg.norm(np.where(finite, expected, 0.0)))
    difference = float(np.linalg.norm(np.where(finite, apart, 0.0)))
    return difference / size if size else difference


def describe(
    model: Logical,
    version: Logical,
    approximation: Approximation,
    reference: Reference,
    checked: Checked,
) -> ApproximationFound:
    """An approximation in words (at full size) and in figures (at the size of the run)."""
    op = version.makers[approximation.value]
    measured_at, relative = "", 0.0
    for (name, turns), value in checked.new:
        maker = version.makers.get(name)
        measured_at = name if maker is None else value_name(maker, version.scopes)
        expected = reference.trace.values[name, turns]
        relative = _relative(distance(value, expected), expected)
        break
    return ApproximationFound(
        value=value_name(op, version.scopes),
        dim=dim_name(model, op.scope, approximation.dim),
        statement=statement(model, version, approximation),
        measured_at=measured_at,
        relative=relative,
    )
