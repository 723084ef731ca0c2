"""How many plans of one model are priced per second: time, memory and traffic of each.

    python benchmarks/evaluate_plans.py [--orders N] [--profile]

GPT-3 175B, 96 layers, on 1024 GPUs.  A plan is a set of directives, an order of four mesh axes, and their
sizes: every product of four that covers all GPUs.  No plan comes twice, and nothing is remembered from
before: the clock runs from the parsed file and the table to the finished columns, and elaborating the model
is in it.  It is processor time of one core.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Iterator
from itertools import islice, permutations
from pathlib import Path

import numpy as np

from helixc.columns.evaluation import Evaluation, evaluate_sources
from helixc.ir.source import Sources
from helixc.text.loader import load_text

MODEL = Path(__file__).parent.parent / "examples" / "gpt3_175b.hx"
GPUS = 1024
CLUSTER = """
cluster pod {
  gpu a100_80g
  level node = 128 via ib_ndr400
  level gpu = 8 via nvlink3
}
"""
# What is split over which of four axes; each has a part of its own, so no two choices of sizes are one plan.
STRUCTURES = {
    "two_level": """
  shard batch over a
  shard seq, key over b
  in mha { shard head over c; shard head_dim over d }
  in mlp { shard hidden over c, d }""",
    "two_level_sequence": """
  shard batch over a
  shard seq, key over b
  shard seq over c
  in mha { shard head over c; shard head_dim over d }
  in mlp { shard hidden over c, d }""",
    "wide_mlp": """
  shard batch over a
  shard seq, key over b
  in mha { shard head over c }
  in mlp { shard hidden over c, d }""",
    "mlp_apart": """
  shard batch over a
  shard seq, key over b
  in mha { shard head over c }
  in mlp { shard hidden over d }""",
    "split_embedding": """
  shard batch over a
  shard seq, key over b
  shard embed over d
  in mha { shard head over c }
  in mlp { shard hidden over c }""",
    "ulysses": """
  shard batch over a
  shard embed over b
  shard seq, key over c
  in mha { shard head over d }
  in mha.attend { shard head over c }
  in mlp { shard hidden over d }""",
    "keys_and_tokens": """
  shard batch over a
  shard embed over d
  in mha { shard head over c; shard key over b }
  in mlp { shard hidden over c; shard seq over b }""",
    "batch_in_mlp": """
  shard batch over a
  shard seq, key over b
  in mha { shard head over c }
  in mlp { shard hidden over c; shard batch over d }""",
}


def plan_text(name: str, lines: str, order: tuple[str, ...]) -> str:
    """A plan's declaration; the sizes are only there to be replaced."""
    mesh = ", ".join(f"{axis} = 2" for axis in order)
    return f"plan {name} for gpt3 on pod {{\n  mesh {mesh}{lines}\n}}\n"


def sizes(gpus: int, axes: int) -> Iterator[tuple[int, ...]]:
    """Every way to write the GPUs as an ordered product of so many numbers above 1."""
    if axes == 1:
        if gpus > 1:
            yield (gpus,)
        return
    for first in range(2, gpus + 1):
        if gpus % first == 0:
            yield from ((first, *rest) for rest in sizes(gpus // first, axes - 1))


def table(orders: int) -> tuple[Sources, dict[str, list[tuple[int, ...]]]]:
    """The file and the rows of every plan."""
    text = MODEL.read_text(encoding="utf-8")
    text = text.replace("dim batch = 8,", "dim batch = 1024,") + CLUSTER
    rows = list(sizes(GPUS, 4))
    found: dict[str, list[tuple[int, ...]]] = {}
    for name, lines in STRUCTURES.items():
        for number, order in enumerate(islice(permutations("abcd"), orders)):
            text += plan_text(f"{name}_{number}", lines, order)
            found[f"{name}_{number}"] = rows
    return load_text(text, "evaluate_plans.hx"), found


def main() -> None:
    """Print how many plans were priced per second, and from how many distinct shapes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=24, help="orders of the mesh axes, of 24")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    arguments = parser.parse_args()
    sources, rows = table(arguments.orders)
    profile = cProfile.Profile()
    start = time.process_time()
    if arguments.profile:
        profile.enable()
    evaluation = evaluate_sources(sources, rows)
    profile.disable()
    seconds = time.process_time() - start
    report(evaluation, seconds)
    if arguments.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


def report(evaluation: Evaluation, seconds: float) -> None:
    """Say what was done, and how fast."""
    plans = len(evaluation.refused)
    followed = sum(not code for code in evaluation.refused)
    operators, collectives = evaluation.shapes
    print(f"{plans} plans, {followed} priced, {plans - followed} refused, no two alike")
    print(f"{evaluation.alone} of them one by one")
    print(f"{operators} distinct operators and {collectives} distinct collectives priced once each")
    print(f"{seconds:.2f} s on one core: {followed / seconds:.0f} priced plans per second")
    best = int(np.argmin(np.where(evaluation.fits, evaluation.picoseconds, np.iinfo(np.int64).max)))
    if evaluation.fits.any():
        structure, own = evaluation.structure[best], evaluation.sizes[best]
        print(f"fastest that fits: {structure} {own}, {evaluation.picoseconds[best] / 1e12:.3f} s")


if __name__ == "__main__":
    main()
