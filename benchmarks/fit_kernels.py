"""Fit the constants of the kernel formulas to ``benchmarks/data``, once on everything and once per split.

    python benchmarks/fit_kernels.py [--check] [--hardware]

Residuals of log(time) under a soft-L1 loss, parameters in log space with bounds, a few starts: close to
the mean relative error, and deaf to outliers.  Writes ``data/kernel_constants.json``; ``--check`` finds
everything again and compares the errors instead; ``--hardware`` prints the constants as fields of
``gpu``s.  Needs SciPy (``pip install -e '.[benchmark]'``); takes a minute or two.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import geometric_mean

import numpy as np
from scipy.optimize import least_squares

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.kernel_errors import ALL, CONSTANTS, Score, held_out, score, tables
from benchmarks.kernel_hardware import hardware_lines
from benchmarks.kernel_models import GEMM_ALONE, Model, Values, models
from benchmarks.kernel_tables import TWELVE, UNKNOWN, Table, lone_gemm_table

# Residuals of this size and more count less and less.
SOFT = 0.04
MOST_EVALUATIONS = 80
DIGITS = 5
# What a GPU of which little is measured is fitted by.
REFITTED = ("efficiency", "memory", "launch")
Found = dict[str, dict[str, dict[str, Values]]]
# Errors of two fits of the same data may differ by so many per cent.
SAME = 0.3


def fit(
    model: Model, parts: Sequence[Table], fixed: Values | None = None, free: Sequence[str] = ()
) -> Values:
    """The constants that fit all tables together; with ``fixed`` only those named in ``free`` move."""
    fixed = fixed or {}
    moving = [p for p in model.parameters if not fixed or p.name in free]
    low, high = np.log([p.low for p in moving]), np.log([p.high for p in moving])
    measured = np.log(np.concatenate([part.seconds for part in parts]))

    def values(point: np.ndarray) -> Values:
        return {**fixed, **{p.name: float(v) for p, v in zip(moving, np.exp(point), strict=True)}}

    def residuals(point: np.ndarray) -> np.ndarray:
        found = [model.predict(part, values(point)) for part in parts]
        return np.log(np.concatenate(found)) - measured

    def start(number: int) -> np.ndarray:
        first = [fixed.get(p.name, p.starts[number]) for p in moving]
        return np.clip(np.log(first), low + 1e-6, high - 1e-6)

    starts = range(1 if fixed else len(moving[0].starts))
    solutions = [
        least_squares(
            residuals,
            start(number),
            bounds=(low, high),
            loss="soft_l1",
            f_scale=SOFT,
            max_nfev=MOST_EVALUATIONS,
            x_scale=0.3,
        )
        for number in starts
    ]
    best = min(solutions, key=lambda solution: solution.cost)
    return {name: rounded(value) for name, value in values(best.x).items()}


def transferred(table: Table, name: str, found: Found) -> Mapping[str, Values]:
    """Constants of the other GPUs of the same dtype, as they are and refitted to twelve shapes."""
    own = [o for o in tables() if (o.kernel, o.dtype) == (table.kernel, table.dtype)]
    others = [found[other.name][name][ALL] for other in own if other != table]
    unknown = {key: rounded(geometric_mean(values[key] for values in others)) for key in others[0]}
    twelve = table.where(~table.transfers[TWELVE])
    return {UNKNOWN: unknown, TWELVE: fit(models(table)[name], [twelve], unknown, REFITTED)}


def rounded(value: float) -> float:
    """As many digits as are written down."""
    return float(f"{value:.{DIGITS}g}")


def all_fits() -> Found:
    """Table, model, split: constants."""
    found: Found = {}
    for table in tables():
        found[table.name] = {}
        for name, model in models(table).items():
            rows: dict[str, Values] = {ALL: fit(model, [table])}
            for split, mask in table.splits.items():
                rows[split] = fit(model, [table.where(~mask)])
            found[table.name][name] = rows
        print(table.name, found[table.name]["helixc"][ALL], file=sys.stderr, flush=True)
    for table in tables():
        if table.transfers:
            for name, rows in found[table.name].items():
                rows.update(transferred(table, name, found))
    lone = lone_gemm_table()
    known = found["gemm a100 bf16"]["helixc"][ALL]
    found[lone.name] = {"helixc": {ALL: fit(GEMM_ALONE, [lone], known, REFITTED)}}
    return found


def error_of(table: Table, name: str, split: str, values: Values) -> Score:
    """The error of constants on what a split holds back."""
    part = table if split == ALL else table.where(held_out(table)[split])
    return score(models(table)[name].predict(part, values), part.seconds)


def differences(found: Mapping[str, Mapping[str, Mapping[str, Values]]]) -> list[str]:
    """Where constants found anew are better or worse than those written down."""
    written = json.loads(CONSTANTS.read_text(encoding="utf-8"))
    told: list[str] = []
    for table in tables():
        for name, rows in found[table.name].items():
            for split, values in rows.items():
                new = error_of(table, name, split, values).mean
                old = error_of(table, name, split, written[table.name][name][split]).mean
                if abs(new - old) > SAME:
                    told.append(f"{table.name}, {name}, {split}: {new:.2f} %, not {old:.2f} %")
    return told


def main() -> int:
    """Fit, and write or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--hardware", action="store_true")
    asked = parser.parse_args()
    if asked.hardware:
        print("\n".join(hardware_lines()))
        return 0
    found = all_fits()
    if asked.check:
        told = differences(found)
        print("\n".join(told) or "as written down")
        return bool(told)
    text = json.dumps(found, indent=1)
    CONSTANTS.write_text(text + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
