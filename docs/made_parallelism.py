"""The table of parallelisms: each way to split a block of a transformer, with each kind of attention, compiled and proved."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

import attrs

from docs.made_outline import outline
from helixc.analysis.collectives import Collective
from helixc.compilation import Compilation
from helixc.compiler import compile_text
from helixc.diagnostics import HelixError
from helixc.emit.graph import Graph
from helixc.proving import verify


@attrs.frozen(kw_only=True)
class Attention:
    """A kind of attention: its call, the dimensions it needs, and what plans call its heads and itself.

    ``segment``: the dimension inside a head that a second axis splits.  ``cached``: it keeps keys and values,
    so that it decodes.
    """

    call: str
    dims: str
    heads: str
    layer: str
    segment: str = "head_dim"
    extra: str = ""
    cached: bool = True


@attrs.frozen(kw_only=True)
class Parallelism:
    """A way to split: mesh and lines of a plan, in which ``ATT`` is the attention and ``HEADS`` its heads."""

    mesh: str
    lines: str
    decode: bool = False
    feed: str = "mlp(n)"

    @property
    def first(self) -> str:
        """The kind of attention that it is shown with."""
        return "grouped-query" if self.decode else "multi-head"

    def written(self, kind: Attention) -> str:
        """The plan for a kind of attention, on one line."""
        lines = self.lines.replace("ATT", kind.layer).replace("HEADS", kind.heads)
        return f"mesh {self.mesh}; {lines.replace('SEGMENT', kind.segment)}"


_LATENT = "head = 16, nope = 32, rot = 16, value = 32, q_rank = 256, kv_rank = 128"
ATTENTIONS: Mapping[str, Attention] = {
    "multi-head": Attention(
        call="mha(n)", dims="head = 16, head_dim = 64", heads="head", layer="mha", cached=False
    ),
    "grouped-query": Attention(
        call="gqa(n)",
        dims="kv_head = 4, group = 4, head_dim = 64",
        heads="kv_head, group",
        layer="gqa",
    ),
    "multi-query": Attention(
        call="gqa(n)",
        dims="kv_head = 1, group = 16, head_dim = 64",
        heads="kv_head, group",
        layer="gqa",
    ),
    "sliding window": Attention(
        call="gqa(n, window = 1024)",
        dims="kv_head = 4, group = 4, head_dim = 64",
        heads="kv_head, group",
        layer="gqa",
    ),
    "latent": Attention(call="mla(n)", dims=_LATENT, heads="head", layer="mla", segment="value"),
    "cross": Attention(
        call="cross(n, memory, key = seen)",
        dims="head = 16, head_dim = 64, seen = 2048",
        heads="head",
        layer="cross",
        extra="input memory: [batch, seen, embed]",
        cached=False,
    ),
}
_HIDDEN = "in mlp { shard hidden over tp }"
_TENSOR = f"in ATT {{ shard HEADS over tp }}; {_HIDDEN}"
PARALLELISMS: Mapping[str, Parallelism] = {
    "tensor": Parallelism(mesh="tp = gpus", lines=_TENSOR),
    "tensor and sequence": Parallelism(mesh="tp = gpus", lines=f"shard seq over tp; {_TENSOR}"),
    "two-level": Parallelism(
        mesh="n = 4, m = 4",
        lines="in ATT { shard HEADS over n; shard SEGMENT over m }; in mlp { shard hidden over n, m }",
    ),
    "Ulysses": Parallelism(
        mesh="sp = gpus", lines="shard seq, key over sp; in attend { shard HEADS over sp }"
    ),
    "context, gathered": Parallelism(mesh="cp = gpus", lines="shard seq, key over cp"),
    "context, ring": Parallelism(
        mesh="cp = gpus", lines="shard seq, key over cp via ring; fuse attend"
    ),
    "keys at decode": Parallelism(
        mesh="tpa = 4, kvp = 4",
        lines=(
            "in ATT { shard HEADS over tpa; shard key over kvp }; in mlp { shard hidden over kvp, tpa }"
        ),
        decode=True,
    ),
    "data": Parallelism(mesh="dp = gpus", lines="shard batch over dp"),
    "data, stored weights": Parallelism(
        mesh="dp = gpus", lines="shard batch over dp; store weights over dp"
    ),
    "data x context x tensor": Parallelism(
        mesh="dp = 2, cp = 2, tp = 4",
        lines=f"shard batch over dp; shard seq, key over cp; {_TENSOR}",
    ),
    "experts": Parallelism(
        mesh="ep = gpus",
        lines="shard batch over ep; in moe { shard batch, expert over ep; in router { replicate expert } }",
        feed="moe(n, hidden = 2048)",
    ),
    "data x experts x tensor": Parallelism(
        mesh="dp = 2, ep = 4, tp = 2",
        lines=(
            "shard batch over dp, ep; in ATT { shard HEADS over tp }; "
            "in moe { shard expert over ep; shard hidden over tp; in router { replicate expert } }"
        ),
        feed="moe(n, hidden = 2048)",
    ),
    "four axes": Parallelism(
        mesh="dp = 2, cp = 2, n = 2, m = 2",
        lines=(
            "strict; shard batch over dp; shard seq, key over cp; "
            "in ATT { shard HEADS over n; shard SEGMENT over m }; in mlp { shard hidden over n, m }; "
            "store weights over dp"
        ),
    ),
}
_TEXT = """import std.hardware
import std.layers
model m {{
  dtype bf16
  dim batch = 16, seq = {seq}, past = {past}, key = past + seq, embed = 4096, hidden = 16_384
  dim expert = 64, pick = 2
  dim {dims}
  input x: [batch, seq, embed]
  {extra}
  n = ln(x, over embed)
  y = x + {call}
  n = ln(y, over embed)
  output y = y + {feed}
}}
cluster two_nodes {{ gpu h100_sxm; level node = 2 via ib_ndr400; level gpu = 8 via nvlink4 }}
plan p for m on two_nodes {{ {plan} }}
"""


@cache
def compiled(parallelism: str, attention: str) -> Compilation:
    """A way to split a block with a kind of attention.

    Raises ``HelixError`` where it is refused.
    """
    way, kind = PARALLELISMS[parallelism], ATTENTIONS[attention]
    seq, past = (1, 8191) if way.decode else (4096, 0)
    text = _TEXT.format(
        seq=seq,
        past=past,
        dims=kind.dims,
        extra=kind.extra,
        call=kind.call,
        feed=way.feed,
        plan=way.written(kind),
    )
    return compile_text(text, plan="p")


def combination(parallelism: str, attention: str) -> str:
    """What becomes of a way to split with a kind of attention: its collectives, or why it is refused."""
    if PARALLELISMS[parallelism].decode and not ATTENTIONS[attention].cached:
        return "it keeps no cache"
    try:
        found = compiled(parallelism, attention)
    except HelixError as error:
        first = next(d for d in error.diagnostics if d.severity == "error")
        return f"refused: {first.code}, {first.message.partition(';')[0]}"
    verdict = verify(found).verdict
    listed = _listed(found.report.collectives)
    return f"proved: {listed}" if verdict == "equal" else f"{verdict}: {listed}"


def _listed(collectives: tuple[Collective, ...]) -> str:
    counted = Counter(found.kind.replace("_", "-") for found in collectives)
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counted.items())) or "none"


def drawing(way: str) -> Graph:
    """The picture of a way to split."""
    first = PARALLELISMS[way].first
    return outline(compiled(way, first).spmd, f"{way}: {first} attention")


def picture_name(way: str) -> str:
    """The name of the picture's file."""
    return f"layer_{'_'.join(re.findall('[a-z]+', way.lower()))}.svg"


def parallelism(*words: str) -> Iterator[str]:
    """One way to split, named by some words: its plan, what it is with each kind of attention, its picture."""
    way = " ".join(words)
    found = PARALLELISMS[way]
    yield f"`{found.written(ATTENTIONS[found.first])}`"
    yield ""
    yield "| attention | collectives of a block |"
    yield "| --- | --- |"
    for name in ATTENTIONS:
        yield f"| {name} | {combination(way, name)} |"
    yield ""
    yield f"![{way}: one block, who holds what, and what is exchanged](pictures/{picture_name(way)})"
