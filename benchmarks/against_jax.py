"""The reference case against JAX with Shardy: from the program to one with every collective in it.

    pip install jax
    python benchmarks/against_jax.py [--rounds N]

JAX: trace and lower one block of the reference case, propagate the shardings of plan ``two_level``, partition;
no choice is made.  helixc: parsed text to SPMD program, of the whole model, with the full choice and under
``strict``.  Medians of CPU time, the two sides in turn; XLA's passes are timed by when their dumps appear.  The
status is 1 if a ratio is above its limit.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from helixc.compiler import compile_sources, make_choice
from helixc.ir.source import Sources
from helixc.ir.spmd import Move, walk
from helixc.text.loader import load_text

ROOT = Path(__file__).resolve().parent.parent
CASES = (
    ("helix_16.hx", "published"),
    ("helix_16.hx", "two_level"),
    ("helix_16.hx", "megatron"),
    ("helix_16.hx", "megatron_sp"),
    ("gpt3_175b.hx", "tp8"),
)
FREE_LIMIT, STRICT_LIMIT = 1.0, 0.1
COLLECTIVES = ("all-reduce", "all-gather", "all-to-all", "reduce-scatter", "collective-permute")
# What XLA calls the program once it is partitioned, among the files that it dumps.
PARTITIONED = "*after_spmd-partitioning*"


def appearance(folder: Path, pattern: str) -> float:
    """CPU time of this process when a file appears."""
    while not any(folder.glob(pattern)):
        time.sleep(0.0005)
    return time.process_time()


class JaxBlock:
    """One block of the reference case under the shardings of ``two_level``, for JAX on 16 CPU devices."""

    def __init__(self) -> None:
        os.environ["JAX_PLATFORMS"] = "cpu"
        os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=16"
        self.jax: Any = import_module("jax")
        self.numpy: Any = import_module("jax.numpy")
        sharding: Any = self.jax.sharding
        devices: Any = import_module("numpy").array(self.jax.devices()).reshape(4, 4)
        self.spec: Callable[..., Any] = sharding.PartitionSpec
        self.place: Callable[..., Any] = partial(
            sharding.NamedSharding, sharding.Mesh(devices, ("n", "m"))
        )

    def seconds(self) -> tuple[float, str]:
        """Time until the program is partitioned, and the text of what was made of it in the end."""

        def block(*values: Any) -> Any:
            # Another function each time, for JAX remembers what it has traced.
            return self.block(*values)

        jitted = self.jax.jit(block, out_shardings=self._placed())
        with tempfile.TemporaryDirectory() as folder:
            options = {"xla_dump_to": folder, "xla_dump_hlo_pass_re": "spmd.*"}
            begun = time.process_time()
            lowered = jitted.lower(*self._arguments())
            with ThreadPoolExecutor(1) as pool:
                partitioned = pool.submit(appearance, Path(folder), PARTITIONED)
                text: str = lowered.compile(compiler_options=options).as_text()
                return partitioned.result() - begun, text

    def block(self, x: Any, wq: Any, wk: Any, wv: Any, wo: Any, w1: Any, w2: Any) -> Any:
        """Attention and MLP, each behind its norm, as in the example."""
        einsum = self.numpy.einsum
        normed = self._norm(x)
        q, k, v = (einsum("bse,ehd->bshd", normed, weight) for weight in (wq, wk, wv))
        scores = einsum("bshd,bkhd->bhsk", q, k) / 512**0.5
        attended = einsum("bhsk,bkhd->bshd", self.jax.nn.softmax(scores, -1), v)
        x = x + einsum("bshd,hde->bse", attended, wo)
        return x + self.jax.nn.gelu(self._norm(x) @ w1) @ w2

    def _norm(self, x: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        return centred * self.jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)

    def _placed(self, *axes: object) -> Any:
        return self.place(self.spec(*axes))

    def _arguments(self) -> list[Any]:
        heads, both = ((8192, 16, 512), (None, "n", "m")), ("n", "m")
        weights = [heads, heads, heads, ((16, 512, 8192), both)]
        weights += [((8192, 32_768), (None, both)), ((32_768, 8192), (both,))]
        return [
            self.jax.ShapeDtypeStruct(shape, self.numpy.bfloat16, sharding=self._placed(*axes))
            for shape, axes in [((1024, 10_000, 8192), ()), *weights]
        ]


def read(example: str, *, strict: bool) -> Sources:
    """An example, with ``strict`` in each of its plans if asked."""
    text = (ROOT / "examples" / example).read_text(encoding="utf-8")
    if strict:
        text = re.sub(r"(?m)^  mesh .*$", r"\g<0>\n  strict", text)
    return load_text(text, example)


def helixc_seconds(sources: Sources, plan: str) -> tuple[float, Sequence[str]]:
    """Time from parsed text to the partitioned program, and the collectives of one turn of it."""
    begun = time.process_time()
    program = compile_sources(sources, make_choice(None, plan, None, None)).spmd
    seconds = time.process_time() - begun
    moves = [s for s in walk(program.body) if isinstance(s, Move) and s.algorithm]
    return seconds, [type(move.step).__name__ for move in moves]


def counted(names: Sequence[str]) -> str:
    """How many of each kind, in words."""
    return ", ".join(f"{names.count(n)} {n}" for n in dict.fromkeys(names)) or "none"


def collectives_of(text: str) -> list[str]:
    """The collectives in a program of XLA's."""
    found = re.findall(rf" ({'|'.join(COLLECTIVES)})(?:-start)?\(", text)
    return [str(kind) for kind in found]


class Case:
    """One plan of one example, measured."""

    def __init__(self, example: str, plan: str, *, strict: bool) -> None:
        self.name = f"{example} {plan}" + (", strict" if strict else ", free")
        self.limit = STRICT_LIMIT if strict else FREE_LIMIT
        self.plan = plan
        self.sources = read(example, strict=strict)
        self.collectives: Sequence[str] = ()
        self.times: list[float] = []

    def measure(self) -> None:
        """One more measurement."""
        seconds, self.collectives = helixc_seconds(self.sources, self.plan)
        self.times.append(seconds)

    def show(self, theirs: float) -> bool:
        """Print the comparison; whether it is within its limit."""
        # The first time does not count: it fills caches of the machine, on either side.
        seconds = median(self.times[1:])
        ratio = seconds / theirs
        verdict = "ok" if ratio <= self.limit else "TOO SLOW"
        print(
            f"{self.name:32} {seconds * 1e3:8.1f} ms  ratio {ratio:5.2f}  (at most {self.limit}) "
            f"{verdict}; a layer has {counted(self.collectives)}"
        )
        return ratio <= self.limit


def main() -> int:
    """Measure both sides in turn; 1 if a ratio is above its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=9, help="measurements per side")
    rounds: int = parser.parse_args().rounds
    jax = JaxBlock()
    cases = [Case(*case, strict=strict) for case in CASES for strict in (False, True)]
    theirs: list[float] = []
    text = ""
    for _ in range(rounds + 1):
        seconds, text = jax.seconds()
        # What JAX keeps is not to be looked through for garbage while helixc is timed.
        gc.freeze()
        theirs.append(seconds)
        for case in cases:
            case.measure()
    typical = median(theirs[1:])
    print(f"{'JAX, Shardy, two_level':32} {typical * 1e3:8.1f} ms; {counted(collectives_of(text))}")
    within = [case.show(typical) for case in cases]
    return 0 if all(within) else 1


if __name__ == "__main__":
    sys.exit(main())
