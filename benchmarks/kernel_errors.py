"""How wrong the fitted constants are on what they have not seen: from the data and the constants alone.

    python benchmarks/kernel_errors.py

The constants in ``data/kernel_constants.json`` were found by ``fit_kernels.py``; nothing is fitted here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import attrs
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.kernel_models import Model, caches, models, predict_cold_decode
from benchmarks.kernel_tables import DATA, Column, Mask, Table, all_tables

CONSTANTS = DATA / "kernel_constants.json"
# Interpolation between so many neighbours.
NEIGHBOURS = 60
# How much of an interpolated residual is taken for more than noise.
TRUSTED = 0.7
# Of a cache this many times as large as L2 nothing is left there when it is read again.
COLD = 3
ALL = "all"

# Table, model, split: constants.
Fitted = Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]


@attrs.frozen
class Score:
    """Errors in per cent: mean of their sizes, their mean, the largest, and nine of ten are below."""

    mean: float
    bias: float
    worst: float
    ninth: float
    rows: int


def score(predicted: Column, measured: Column) -> Score:
    """The errors of predictions."""
    errors = 100 * (predicted / measured - 1)
    sizes = np.abs(errors)
    return Score(
        mean=float(sizes.mean()),
        bias=float(errors.mean()),
        worst=float(sizes.max()),
        ninth=float(np.quantile(sizes, 0.9)),
        rows=len(errors),
    )


@cache
def fitted() -> Fitted:
    """The constants that have been found."""
    return json.loads(CONSTANTS.read_text(encoding="utf-8"))


@cache
def tables() -> tuple[Table, ...]:
    """Every table, read once."""
    return all_tables()


def held_out(table: Table) -> Mapping[str, Mask]:
    """What each split of a table holds back, transfers from other GPUs among them."""
    return {**table.splits, **table.transfers}


def split_score(table: Table, name: str, split: str) -> Score:
    """Errors of a model on the rows of a table that a split holds back; in sample for ``all``."""
    model: Model = models(table)[name]
    values = fitted()[table.name][name][split]
    part = table if split == ALL else table.where(held_out(table)[split])
    return score(model.predict(part, values), part.seconds)


def class_error(table: Table) -> float:
    """Nine of ten errors on all that the splits hold back are below this, relative."""
    sizes: list[Column] = []
    for split, mask in table.splits.items():
        part = table.where(mask)
        predicted = models(table)["helixc"].predict(part, fitted()[table.name]["helixc"][split])
        sizes.append(np.abs(predicted / part.seconds - 1))
    return float(np.quantile(np.concatenate(sizes), 0.9))


def cold_scores(table: Table) -> tuple[Score, Score]:
    """Errors of prices of decoding, held out: of caches that L2 cannot keep, and of smaller ones.

    A price takes a cache to be cold.  The benchmark's small ones are not, so a price is above those.
    """
    parts = {split: table.where(mask) for split, mask in table.splits.items()}
    found = fitted()[table.name]["helixc"]
    predicted = np.concatenate([predict_cold_decode(p, found[s]) for s, p in parts.items()])
    measured = np.concatenate([part.seconds for part in parts.values()])
    large = np.concatenate([caches(part) for part in parts.values()]) > COLD
    return score(predicted[large], measured[large]), score(predicted[~large], measured[~large])


def interpolated(table: Table, mask: Mask) -> Score:
    """Errors of interpolating the rows that are left, in log space."""
    points = sizes_of(table)
    predicted = between(points[~mask], np.log(table.seconds[~mask]), points[mask])
    return score(np.exp(predicted), table.seconds[mask])


def with_residuals(table: Table, split: str) -> Score:
    """Errors of the formula times a part of what it misses on the rows that are left, interpolated.

    Only between those rows: where a size, or the product of all three, is smaller or larger than any of
    theirs, the formula stands alone.
    """
    mask = table.splits[split]
    formula = models(table)["helixc"].predict(table, fitted()[table.name]["helixc"][split])
    missed = np.log(table.seconds / formula)
    points = sizes_of(table)
    known, asked = points[~mask], points[mask]
    extent = np.column_stack([points, points.sum(axis=1)])
    low, high = extent[~mask].min(axis=0), extent[~mask].max(axis=0)
    inside = np.all((extent[mask] >= low) & (extent[mask] <= high), axis=1)
    added = np.where(inside, TRUSTED * between(known, missed[~mask], asked), 0.0)
    return score(formula[mask] * np.exp(added), table.seconds[mask])


def sizes_of(table: Table) -> Column:
    """The sizes of matrix products as points, in octaves."""
    return np.log2(np.stack([table.rows[name] for name in ("m", "n", "k")], axis=1))


def between(known: Column, values: Column, asked: Column) -> Column:
    """What values at known points are at others: linear radial functions of 60 neighbours."""
    apart = np.linalg.norm(asked[:, None] - known[None], axis=2)
    near = np.argsort(apart, axis=1, kind="stable")[:, :NEIGHBOURS]
    centres = known[near]
    kernel = np.linalg.norm(centres[:, :, None] - centres[:, None], axis=3)
    system = np.ones((len(asked), NEIGHBOURS + 1, NEIGHBOURS + 1))
    system[:, :-1, :-1] = -kernel
    system[:, -1, -1] = 0
    right = np.zeros((len(asked), NEIGHBOURS + 1, 1))
    right[:, :-1, 0] = values[near]
    weights = np.linalg.solve(system, right)[:, :, 0]
    own = np.take_along_axis(apart, near, axis=1)
    return weights[:, -1] - (weights[:, :-1] * own).sum(axis=1)


def lines() -> Iterator[str]:
    """All errors, in plain text."""
    for table in tables():
        for split in (ALL, *held_out(table)):
            ours, simple = (split_score(table, name, split) for name in ("helixc", "simple"))
            yield (
                f"{table.name:18} {split:34} {ours.mean:5.1f} {ours.bias:+6.1f} {ours.worst:5.0f}"
                f"  simple {simple.mean:5.1f} {simple.bias:+6.1f}  rows {ours.rows}"
            )


if __name__ == "__main__":
    for line in lines():
        print(line)
