"""Ratios that must hold on any machine: medians of CPU time, both sides in one run, taken in turn.

    python benchmarks/ratios.py [--rounds N] [--profile]

(a) ``helixc check examples/helix_16.hx`` as a process, against importing lark, attrs and click.
(b) 96 layers on 16 384 GPUs against 2 layers on 16 GPUs: text to SPMD program and report in memory.
(c) a million tasks: from the SPMD program to every GPU's scheduled tasks, in seconds and bytes each.
(d) the reference case from parsed text to the SPMD program with all collectives, in milliseconds.

The status is 1 if a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from helixc.compiler import compile_sources, compile_text, make_choice
from helixc.text.loader import load_path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "helix_16.hx"
PLANS = ("published", "two_level", "megatron", "megatron_sp")

SCALED = """
import std.hardware

model stack {{
  dim batch = 16_384, seq = 2048, embed = 8192
  dim head = 64, head_dim = 128, hidden = 4 * embed
  input x: bf16[batch, seq, embed]
  repeat {layers} {{
    x = x + mha(layer_norm(x, over embed))
    x = x + mlp(layer_norm(x, over embed))
  }}
  output x
}}

layer mha(x: [batch, seq, embed]) -> [batch, seq, embed] {{
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  q = matmul(x, wq, over embed)
  k = rename(matmul(x, wk, over embed), seq -> key)
  v = rename(matmul(x, wv, over embed), seq -> key)
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  attended = matmul(softmax(scores, over key), v, over key)
  return matmul(attended, wo, over head, head_dim)
}}

layer mlp(x: [batch, seq, embed]) -> [batch, seq, embed] {{
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}}

cluster big {{
  gpu h100_sxm
  level node = {nodes} via ib_ndr400
  level gpu = 8 via nvlink4
}}

plan split for stack on big {{
  mesh dp = node, tp = gpu
  shard batch over dp
  shard seq over tp
  in mha {{ shard head over tp }}
  in mlp {{ shard hidden over tp }}
}}
"""


def child_seconds(command: list[str]) -> float:
    """CPU time of a command that must succeed."""
    before = children_seconds()
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return children_seconds() - before


def children_seconds() -> float:
    """CPU time of all children so far, as finely as the system tells."""
    try:
        from resource import RUSAGE_CHILDREN, getrusage  # noqa: PLC0415 - not on Windows
    except ImportError:
        times = os.times()
        return times.children_user + times.children_system
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def own_seconds(work: Callable[[], object]) -> float:
    """CPU time of a call in this process."""
    before = time.process_time()
    work()
    return time.process_time() - before


def in_turn(
    first: Callable[[], float], second: Callable[[], float], rounds: int
) -> tuple[float, float]:
    """Medians of two measurements taken alternately, after one round that does not count."""
    pairs = [(first(), second()) for _ in range(rounds + 1)][1:]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def report_of(layers: int, gpus: int) -> Callable[[], object]:
    """Compiling the scaled model, with its report."""
    text = SCALED.format(layers=layers, nodes=gpus // 8)
    return lambda: compile_text(text, name="scaled.hx").report


def show(name: str, above: float, below: float, limit: float) -> bool:
    """Print one ratio; whether it is within its limit."""
    ratio = above / below
    verdict = "ok" if ratio <= limit else "TOO SLOW"
    print(
        f"{name:58} {above * 1e3:9.1f} ms / {below * 1e3:8.1f} ms = {ratio:5.2f}  (at most {limit}) {verdict}"
    )
    return ratio <= limit


def startup(rounds: int) -> bool:
    """(a): the whole process of a check."""
    start = "from helixc.cli.main import main; main()"
    check = [sys.executable, "-c", start, "check", str(EXAMPLE.relative_to(ROOT))]
    imports = [sys.executable, "-c", "import lark, attrs, click"]
    times = in_turn(lambda: child_seconds(check), lambda: child_seconds(imports), rounds)
    return show("(a) helixc check, against its imports alone", *times, limit=4)


def scaling(rounds: int) -> bool:
    """(b): the number of equal layers and of GPUs must not matter."""
    large, small = report_of(96, 16_384), report_of(2, 16)
    times = in_turn(lambda: own_seconds(large), lambda: own_seconds(small), rounds)
    return show("(b) 96 layers x 16 384 GPUs, against 2 layers x 16 GPUs", *times, limit=1.5)


def expansion() -> bool:
    """(c): tasks per GPU, made on demand."""
    compiled = compile_text(SCALED.format(layers=96, nodes=64), name="scaled.hx")
    seconds = own_seconds(lambda: compiled.device)
    tasks, size = compiled.device.tasks, compiled.device.nbytes
    print(f"(c) {tasks} tasks: {seconds:.2f} s, {size / tasks:.0f} bytes each  (less than 200)")
    return size < 200 * tasks


def reference(rounds: int, *, profile: bool) -> None:
    """(d): each plan of the reference case, from parsed text to the SPMD program."""
    sources = load_path(EXAMPLE)
    for plan in PLANS:
        choice = make_choice(None, plan, None, None)
        work = partial(compile_sources, sources, choice)
        times = [own_seconds(work) for _ in range(rounds + 1)]
        print(f"(d) parsed text to SPMD program: {plan:25} {median(times[1:]) * 1e3:9.1f} ms")
    if profile:
        profiler = cProfile.Profile()
        choice = make_choice(None, "published", None, None)
        profiler.runcall(compile_sources, sources, choice)
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(30)


def main() -> int:
    """Measure everything; 1 if a ratio is above its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=9, help="measurements per side")
    parser.add_argument("--profile", action="store_true", help="where (d) spends its time")
    arguments = parser.parse_args()
    within = [startup(arguments.rounds), scaling(arguments.rounds), expansion()]
    reference(arguments.rounds, profile=arguments.profile)
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
