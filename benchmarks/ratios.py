"""Ratios that must hold on any machine: CPU time, the two sides in turn, the median of the ratios.

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
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median

import attrs

from helixc.compiler import compile_sources, compile_text, make_choice
from helixc.ir.source import Sources
from helixc.text.loader import load_text

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


def child_seconds(command: list[str], environment: Mapping[str, str]) -> float:
    """CPU time of a command that must succeed."""
    before = children_seconds()
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True, env=environment)
    return children_seconds() - before


def installed(compiled: str) -> dict[str, str]:
    """The environment of a program whose modules are compiled, into a folder, as an installer does it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": compiled}


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


@attrs.frozen
class Pairs:
    """Seconds of two sides, measured alternately, so that whatever slows one mostly slows both."""

    above: tuple[float, ...]
    below: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return median(a / b for a, b in zip(self.above, self.below, strict=True))


def in_turn(first: Callable[[], float], second: Callable[[], float], rounds: int) -> Pairs:
    """Measure two sides alternately, after one round that does not count."""
    pairs = [(first(), second()) for _ in range(rounds + 1)][1:]
    return Pairs(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))


def report_of(layers: int, gpus: int) -> Callable[[], object]:
    """Compiling the scaled model, with its report."""
    text = SCALED.format(layers=layers, nodes=gpus // 8)
    return lambda: compile_text(text, name="scaled.hx").report


def show(name: str, pairs: Pairs, limit: float) -> bool:
    """Print one ratio; whether it is within its limit."""
    above, below = (median(side) * 1e3 for side in (pairs.above, pairs.below))
    verdict = "ok" if pairs.ratio <= limit else "TOO SLOW"
    times = f"{above:8.1f} ms / {below:8.1f} ms"
    print(f"{name:58} {times} = {pairs.ratio:5.2f}  (at most {limit}) {verdict}")
    return pairs.ratio <= limit


def startup(rounds: int) -> bool:
    """(a): the whole process of a check."""
    start = "from helixc.cli.main import main; main()"
    check = [sys.executable, "-c", start, "check", str(EXAMPLE.relative_to(ROOT))]
    imports = [sys.executable, "-c", "import lark, attrs, click"]
    with tempfile.TemporaryDirectory() as folder:
        environment = installed(folder)
        pairs = in_turn(
            lambda: child_seconds(check, environment),
            lambda: child_seconds(imports, environment),
            rounds,
        )
    return show("(a) helixc check, against its imports alone", pairs, limit=4)


def scaling(rounds: int) -> bool:
    """(b): the number of equal layers and of GPUs must not matter."""
    large, small = report_of(96, 16_384), report_of(2, 16)
    pairs = in_turn(lambda: own_seconds(large), lambda: own_seconds(small), rounds)
    return show("(b) 96 layers x 16 384 GPUs, against 2 layers x 16 GPUs", pairs, limit=1.5)


def expansion() -> bool:
    """(c): tasks per GPU, made on demand."""
    compiled = compile_text(SCALED.format(layers=96, nodes=64), name="scaled.hx")
    seconds = own_seconds(lambda: compiled.device)
    tasks, size = compiled.device.tasks, compiled.device.nbytes
    print(f"(c) {tasks} tasks: {seconds:.2f} s, {size / tasks:.0f} bytes each  (less than 200)")
    return size < 200 * tasks


def reference(rounds: int, *, profile: bool) -> None:
    """(d): each plan of the reference case, free and strict, from parsed text to the SPMD program."""
    for plan in PLANS:
        times: list[float] = []
        for strict in (False, True):
            work = partial(
                compile_sources, read(strict=strict), make_choice(None, plan, None, None)
            )
            seconds = [own_seconds(work) for _ in range(rounds + 1)][1:]
            times.append(median(seconds) * 1e3)
            if profile:
                print_profile(work)
        free, strictly = times
        print(
            f"(d) parsed text to SPMD program, {plan:25} {free:8.1f} ms, strict {strictly:6.1f} ms"
        )


def read(*, strict: bool) -> Sources:
    """The reference case, with ``strict`` in each of its plans if asked."""
    text = EXAMPLE.read_text(encoding="utf-8")
    if strict:
        text = re.sub(r"(?m)^  mesh .*$", r"\g<0>\n  strict", text)
    return load_text(text, EXAMPLE.name)


def print_profile(work: Callable[[], object]) -> None:
    """Where a call spends its CPU time."""
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(work)
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
