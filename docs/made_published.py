"""Blocks about the published analysis of the reference case: its figures beside those of helixc."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache

import attrs

from docs.made_examples import compiled
from docs.made_reference import reported
from helixc.analysis.critical_path import flat_steps
from helixc.analysis.matmuls import Matmul
from helixc.analysis.numbers_text import (
    byte_text,
    flop_text,
    multiply_add_text,
    seconds_text,
)
from helixc.analysis.report import Report
from helixc.price.operator import get_time
from helixc.price.shapes import MatmulShape
from helixc.proving import verify

TOKENS = 1024 * 10_000
HEADS = 4
KEYS = 10_000
SEGMENT = 128


def _product(m: int, k: int, n: int) -> MatmulShape:
    return MatmulShape(batch=1, m=m, k=k, n=n)


# The dimensions in the published formulas, by the value that the product makes; K and V are as Q.
CLAIMED: Mapping[str, MatmulShape] = {
    "q": _product(TOKENS, 8192, 512),
    "scores": _product(TOKENS * HEADS, SEGMENT, KEYS * HEADS),
    "attended": _product(TOKENS * HEADS, KEYS * HEADS, SEGMENT),
    "mha.matmul": _product(TOKENS, 8192, 512),
    "mlp.matmul": _product(TOKENS, 8192, 2048),
    "mlp.matmul.2": _product(TOKENS, 2048, 512),
}
CALLED = {
    "q": "Q, K, V projection, each",
    "scores": "Q K^T",
    "attended": "scores x V",
    "mha.matmul": "output projection",
    "mlp.matmul": "FC1",
    "mlp.matmul.2": "FC2",
}
# What the analysis says Q K^T costs, in FLOP.
CLAIMED_SCORES_FLOPS = 2_100_000_000_000_000_000
COMPILE = "helixc compile examples/helix_16.hx --plan published -o out/p"


@cache
def _published() -> Report:
    return reported("published")


def _found(name: str) -> Matmul:
    return next(m for m in _published().matmuls if m.name == name)


def _time(shape: MatmulShape) -> int:
    """Picoseconds of one product on the case's GPU."""
    gpu = _published().cluster.gpu
    return get_time(shape.m, shape.k, shape.n, shape.batch, "bf16", gpu).picoseconds


def published_products() -> Iterator[str]:
    """One row per matrix product of one GPU and layer: the published dimensions and the true ones."""
    yield "| product | the analysis | helixc | multiply-adds per GPU | the analysis counts |"
    yield "| --- | --- | --- | ---: | ---: |"
    for name, claimed in CLAIMED.items():
        shape = _found(name).shape
        cells = (
            CALLED[name],
            f"`{claimed.get_time}`",
            f"`{shape.get_time}`",
            multiply_add_text(shape.macs),
            _times(claimed.macs, shape.macs),
        )
        yield f"| {' | '.join(cells)} |"


def _times(part: int, whole: int) -> str:
    """``4 x``, ``1/16``: how often the second number goes into the first."""
    ratio = Fraction(part, whole)
    if ratio == 1:
        return "the same"
    return f"**{ratio} x**" if ratio.denominator == 1 else f"**{ratio}**"


def published_formula() -> Iterator[str]:
    """The published formula, put right step by step, each priced with the same kernels."""
    report = _published()
    claimed = {name: _time(shape) for name, shape in CLAIMED.items()}
    true = {name: _time(_found(name).shape) for name in CLAIMED}
    all_products = sum(m.layer.turns * m.per_gpu * _time(m.shape) for m in report.matmuls)
    path = report.critical_path
    rows = (
        ("the published formula: its dimensions, a maximum per block", _maxima(claimed)),
        ("... with the dimensions put right", _maxima(true)),
        (
            "... added up instead: every product waits for another, or for the same unit",
            all_products,
        ),
        ("... with softmax, scaling, norms, GELU and residuals", path.compute_picoseconds),
        ("... with the exposed communication: the forward pass", path.picoseconds),
    )
    yield "| formula | time |"
    yield "| --- | ---: |"
    for what, time in rows:
        yield f"| {what} | {seconds_text(time)} |"


def _maxima(times: Mapping[str, int]) -> int:
    """Two layers of the longest product of attention and the longest of the MLP, as published."""
    mlp = ("mlp.matmul", "mlp.matmul.2")
    attention = max(time for name, time in times.items() if name not in mlp)
    return 2 * (attention + max(times[name] for name in mlp))


@attrs.frozen
class Fault:
    """What the analysis says, what is so, and what shows it."""

    said: str
    true: str
    shown: str

    @property
    def row(self) -> str:
        """A row of the table."""
        return f"| {self.said} | {self.true} | {self.shown} |"


def published_faults() -> Iterator[str]:
    """One row per error."""
    yield "| the analysis says | what is so | shown by |"
    yield "| --- | --- | --- |"
    for fault in (*_work_faults(), *_time_faults(), *_other_faults()):
        yield fault.row


def _work_faults() -> Iterator[Fault]:
    section = "report, *Matrix multiplications*"
    q, scores = _found("q"), _found("scores")
    yield Fault(
        "a projection is 42.9 TFLOPs, distributed over 16 GPUs",
        f"{multiply_add_text(q.macs_per_gpu)} are multiply-adds, {flop_text(q.flops_per_gpu)}, and "
        f"that is one GPU's share; all {q.total} do {flop_text(q.flops_per_gpu * q.total)}",
        section,
    )
    own = CLAIMED["scores"].macs
    yield Fault(
        "Q K^T takes m = tokens x 4 and n = 10000 x 4",
        f"every head meets every other head. It is `{scores.shape.get_time}`: a head meets itself, so "
        f"the analysis counts {_times(own, scores.macs_per_gpu)} too much; scores x V likewise",
        section,
    )
    yield Fault(
        "Q K^T is 2.1 EFLOPs",
        f"its own dimensions multiply to {multiply_add_text(own)} multiply-adds, "
        f"{round(CLAIMED_SCORES_FLOPS / own, -3):.0f} times less",
        section,
    )
    second = _found("mlp.matmul.2").shape
    yield Fault(
        "FC2, split by rows, is (.., 2048, 512)",
        f"`{second.get_time}`: rows leave a partial sum of the whole width on every GPU. The analysis "
        f"counts {_times(CLAIMED['mlp.matmul.2'].macs, second.macs)} of the work",
        section,
    )


def _time_faults() -> Iterator[Fault]:
    report = _published()
    path = report.critical_path
    products = sum(m.layer.turns * m.per_gpu * _time(m.shape) for m in report.matmuls)
    softmax = sum(n * s.picoseconds for s, n in flat_steps(path.steps) if s.kind == "softmax")
    yield Fault(
        "a block takes as long as its longest matrix product",
        "its steps depend on each other or share one GPU's units, so they add up: "
        f"{seconds_text(products)} of matrix products",
        "report, *Longest path*",
    )
    yield Fault(
        "only matrix products take time",
        f"everything else takes {seconds_text(path.compute_picoseconds - products)}: unfused scores go "
        f"through memory again and again, the softmax alone takes {seconds_text(softmax)}",
        "report, *Longest path*",
    )
    worst = max(report.collectives, key=lambda c: c.exposed_picoseconds)
    yield Fault(
        "communication is an overhead without a figure",
        f"{seconds_text(path.exposed_picoseconds)}, of which {seconds_text(worst.exposed_picoseconds * worst.layer.turns)} "
        f"joins head groups across the nodes: {worst.groups} groups of {worst.group_size} GPUs like "
        f"{', '.join(map(str, worst.first_group))}",
        "`helixc explain examples/helix_16.hx --plan published`",
    )
    gathered = next(c for c in report.collectives if c.value == "mha.matmul")
    yield Fault(
        "the output projection, split by columns, ends in an all-reduce",
        f"columns are parts, not summands: {gathered.kind.replace('_', '-')}, "
        f"{byte_text(gathered.bytes_per_gpu)} received per GPU and layer",
        "`... --collective 3` (below)",
    )


def _other_faults() -> Iterator[Fault]:
    proof = verify(compiled("helix_16", "published"))
    found = proof.approximations[0]
    yield Fault(
        "segments of the head dimension attend on their own, then concatenate: the same model",
        f"another model: {found.statement}. On random weights it is off by {found.relative:.3g} at "
        f"`{found.measured_at}`",
        "`helixc verify examples/helix_16.hx --plan published` (below)",
    )
    memory = _published().memory
    largest = memory.largest_activation
    named = f"; `{largest.name}` alone is {byte_text(largest.bytes)}" if largest else ""
    yield Fault(
        "nothing about memory",
        f"a GPU needs {byte_text(memory.needed_bytes)} and has {byte_text(memory.capacity_bytes)}{named}",
        "report, *Memory of one GPU* (below)",
    )
    better = reported("batches")
    ratio = _published().critical_path.picoseconds / better.critical_path.picoseconds
    yield Fault(
        "the parallelisation is optimal for these dimensions",
        f"splitting the batch alone takes {seconds_text(better.critical_path.picoseconds)}, "
        f"{ratio:.1f} times less, and sends {byte_text(better.bytes_per_gpu)}",
        "*What to run instead* (below)",
    )
