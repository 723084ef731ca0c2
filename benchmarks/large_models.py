"""CPU time of compiling models of hundreds of billions of parameters on 16 384 GPUs, per operator.

    python benchmarks/large_models.py [--rounds N] [--profile PLAN]

Llama 3.1 405B and DeepSeek-V3, prefill and decode, from text to the report, without proof or drawing.  An operator of a
layer counts once, however often the layer is repeated.  Each is set against two plans of the reference case, measured in
turn with it: ``two_level``, of which it may take three times as long, and ``megatron_sp``, which asks for the least.

The status is 1 if a ratio to ``two_level`` is above its limit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from helixc.compiler import compile_text
from helixc.ir.logical import walk
from helixc.ir.ops import Op

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.ratios import own_seconds, print_profile

HERE = Path(__file__).resolve().parent
LARGE = HERE / "large_models.hx"
REFERENCE = HERE.parent / "examples" / "helix_16.hx"
PLANS = ("dense_prefill", "dense_decode", "sparse_prefill", "sparse_decode")
BESIDE = ("two_level", "megatron_sp")
LIMITS: Mapping[str, float] = {"two_level": 3}


def compiled(path: Path, plan: str) -> int:
    """Compile a plan and report on it; the number of its operators."""
    found = compile_text(path.read_text(encoding="utf-8"), name=path.name, plan=plan)
    if not found.report.collectives:
        raise RuntimeError(f"{plan} moves nothing")
    return sum(1 for statement in walk(found.logical.body) if isinstance(statement, Op))


def seconds_per_operator(path: Path, plan: str) -> float:
    """CPU time of one compilation, divided by the operators."""
    counted: list[int] = []
    seconds = own_seconds(lambda: counted.append(compiled(path, plan)))
    return seconds / counted[0]


def measured(plan: str, rounds: int) -> bool:
    """Print a plan's row; whether its ratios are within their limits."""
    sides = [(LARGE, plan), *((REFERENCE, beside) for beside in BESIDE)]
    times = [[seconds_per_operator(*side) for side in sides] for _ in range(rounds + 1)][1:]
    ratios = {
        beside: median(row[0] / row[number] for row in times)
        for number, beside in enumerate(BESIDE, start=1)
    }
    within = all(ratios[beside] <= limit for beside, limit in LIMITS.items())
    shown = [1e3 * median(column) for column in zip(*times, strict=True)]
    columns = "".join(f"{found:12.2f}" for found in (*shown, *ratios.values()))
    print(f"{plan:16}{compiled(LARGE, plan):10}{columns}  {'ok' if within else 'TOO SLOW'}")
    return within


def main() -> int:
    """Measure everything; 1 if a ratio is above its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5, help="measurements per side")
    parser.add_argument("--profile", choices=PLANS, help="where one plan spends its time")
    arguments = parser.parse_args()
    if arguments.profile:
        print_profile(lambda: compiled(LARGE, arguments.profile))
        return 0
    heads = ("ms/operator", *BESIDE, *(f"/ {beside}" for beside in BESIDE))
    print(f"{'plan':16}{'operators':>10}{''.join(f'{head:>12}' for head in heads)}")
    within = [measured(plan, arguments.rounds) for plan in PLANS]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
