"""The table of parallelisms: each way to split a block of a transformer, with each kind of attention, compiled and proved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

import attrs

from helixc.analysis.collectives import Collective
from helixc.cli.verify_command import prove
from helixc.compiler import compile_text
from helixc.diagnostics import HelixError


@attrs.frozen(kw_only=True)
class Attention:
    """A kind of attention: its call, the dimensions it needs, and what plans call its heads and itself.

    ``keys``: it keeps a cache, so that a phase of one token makes sense.
    """

    call: str
    dims: str
    heads: str
    layer: str
    extra: str = ""
    keys: bool = False


@attrs.frozen(kw_only=True)
class Parallelism:
    """A way to split: mesh and lines of a plan, in which ``ATT`` is the attention and ``HEADS`` its heads."""

    mesh: str
    lines: str
    phase: str = "prefill"
    feed: str = "mlp"


ATTENTIONS: Mapping[str, Attention] = {
    "mha": Attention(call="mha(n)", dims="head = 16, head_dim = 64", heads="head", layer="mha"),
    "cross": Attention(
        call="cross(n, memory)",
        dims="head = 16, head_dim = 64, key = 2048",
        heads="head",
        layer="cross",
        extra="input memory: [batch, key, embed]",
    ),
}
PARALLELISMS: Mapping[str, Parallelism] = {
    "tensor": Parallelism(
        mesh="tp = gpus", lines="in ATT { shard HEADS over tp }; in mlp { shard hidden over tp }"
    ),
    "tensor + sequence": Parallelism(
        mesh="tp = gpus",
        lines="shard seq over tp; in ATT { shard HEADS over tp }; in mlp { shard hidden over tp }",
    ),
    "two-level": Parallelism(
        mesh="n = 4, m = 4",
        lines="in ATT { shard HEADS over n; shard head_dim over m }; in mlp { shard hidden over n, m }",
    ),
    "Ulysses": Parallelism(
        mesh="sp = gpus", lines="shard seq, key over sp; in attend { shard HEADS over sp }"
    ),
    "context, all-gather": Parallelism(
        mesh="cp = gpus", lines="shard seq, key over cp via all_gather"
    ),
    "data": Parallelism(mesh="dp = gpus", lines="shard batch over dp"),
    "data, stored weights": Parallelism(
        mesh="dp = gpus", lines="shard batch over dp; store weights over dp"
    ),
    "data x context x tensor": Parallelism(
        mesh="dp = 2, cp = 2, tp = 4",
        lines=(
            "shard batch over dp; shard seq, key over cp; "
            "in ATT { shard HEADS over tp }; in mlp { shard hidden over tp }"
        ),
    ),
}
_TEXT = """import std.hardware
import std.layers
model m {{
  dtype bf16
  dim batch = 16, seq = 4096, embed = 1024, hidden = 4096
  dim {dims}
  input x: [batch, seq, embed]
  {extra}
  n = ln(x, over embed)
  y = x + {call}
  output y = y + mlp(ln(y, over embed))
}}
cluster two_nodes {{ gpu h100_sxm; level node = 2 via ib_ndr400; level gpu = 8 via nvlink4 }}
plan p for m on two_nodes {{ mesh {mesh}; {lines} }}
"""


@cache
def combination(parallelism: str, attention: str) -> str:
    """What becomes of a way to split with a kind of attention: its collectives, or why it is refused."""
    way, kind = PARALLELISMS[parallelism], ATTENTIONS[attention]
    lines = way.lines.replace("ATT", kind.layer).replace("HEADS", kind.heads)
    text = _TEXT.format(
        dims=kind.dims, extra=kind.extra, call=kind.call, mesh=way.mesh, lines=lines
    )
    try:
        compiled = compile_text(text, plan="p")
    except HelixError as error:
        first = error.diagnostics[0]
        return f"refused: {first.code}, {first.message.partition(';')[0]}"
    verdict = prove(compiled).verdict
    if verdict != "equal":
        return verdict
    return f"proved: {_listed(compiled.report.collectives)}"


def _listed(collectives: tuple[Collective, ...]) -> str:
    counted = Counter(found.kind.replace("_", "-") for found in collectives)
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counted.items())) or "none"


def parallelism(attention: str) -> Iterator[str]:
    """The table of one kind of attention."""
    yield "| parallelism | plan | collectives of a block |"
    yield "| --- | --- | --- |"
    for name, way in PARALLELISMS.items():
        kind = ATTENTIONS[attention]
        lines = way.lines.replace("ATT", kind.layer).replace("HEADS", kind.heads)
        yield f"| {name} | `mesh {way.mesh}; {lines}` | {combination(name, attention)} |"
