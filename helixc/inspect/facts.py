"""What the nodes of a drawing claim, read from their attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

from helixc.diagnostics import Diagnostic, Span
from helixc.inspect.reader import DotGraph, DotNode

# Nodes at the edge of a drawing, which yield or take a value and compute nothing.
EDGE_OPS = frozenset({"arrives", "leaves", "output", "kept", "unused", "gpu"})
COLLECTIVES = frozenset({"all_gather", "all_reduce", "reduce_scatter", "all_to_all", "permute"})

_VALUE = re.compile(
    r"(?P<name>[^\s;,\[\]]+) (?P<dtype>\w+)\[(?P<dims>[^\[\]]*)\]"
    r"(?: partial (?P<kind>sum|max|min) over (?P<atoms>[^;]+))?"
)
_DIM = re.compile(
    r"(?P<name>[^\s,]+) (?P<size>[1-9][0-9]*)"
    r"(?P<share> \((?P<part>[1-9][0-9]*) of (?P<of>[1-9][0-9]*) full\))?"
)
_NUMBER = re.compile(r"-?(?:inf|nan|[0-9][0-9.]*(?:e[-+]?[0-9]+)?)")
_RUN = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
MOST_GPUS = 2**20


@attrs.frozen
class Value:
    """A block of a value as a drawing names it; ``text`` is how it stands there."""

    text: str
    name: str
    dtype: str
    dims: Mapping[str, int]
    partial: tuple[str, ...] = ()
    kind: str = ""
    shares: tuple[tuple[int, int], ...] = ()


@attrs.frozen
class Claim:
    """A node: what it does, where, from which inputs.

    ``held`` inputs are weights that lie on the GPU; numbers are left out of ``inputs``.
    """

    node: DotNode
    op: str
    gpus: tuple[int, ...]
    alone: bool
    inputs: tuple[Value, ...]
    held: tuple[Value, ...]
    out: Value | None

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes as they stand in the file."""
        return self.node.attributes

    @property
    def all_inputs(self) -> tuple[Value, ...]:
        """Values that come by edges, then weights: for rules that do not ask which operand is which."""
        return (*self.inputs, *self.held)

    @property
    def operands(self) -> tuple[Value, ...]:
        """The same in the order in which the operator reads them, one that it reads twice twice."""
        found = (read_value(_bare(text)) for text in _entries(self.attributes["in"]))
        return tuple(value for value in found if value is not None)

    def names(self, attribute: str) -> tuple[str, ...]:
        """The names that an attribute lists."""
        return listed(self.attributes.get(attribute, ""))


class Finder:
    """Collects what is wrong with a drawing."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []

    def add(self, code: str, line: int, message: str) -> None:
        """Record a finding at a line of the file."""
        span = Span(self.file, line, 1, line, 2)
        finding = Diagnostic(code, message, span)
        if finding not in self.found[-8:]:
            self.found.append(finding)


def listed(text: str) -> tuple[str, ...]:
    """``n, m`` as names."""
    return tuple(part for part in text.split(", ") if part)


def read_sizes(text: str) -> Mapping[str, int] | None:
    """``batch 1024, seq 10000`` as sizes; None if it is not that."""
    sizes: dict[str, int] = {}
    for part in listed(text):
        match = _DIM.fullmatch(part)
        if match is None or match["name"] in sizes:
            return None
        sizes[match["name"]] = int(match["size"])
    return sizes


def read_gpus(text: str) -> tuple[int, ...] | None:
    """``0-3, 8`` as numbers; None if it is not that."""
    gpus: list[int] = []
    for part in listed(text):
        match = _RUN.fullmatch(part)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first + len(gpus) >= MOST_GPUS:
            return None
        gpus += range(first, last + 1)
    return tuple(gpus)


def read_value(text: str) -> Value | None:
    """``q bf16[batch 4] partial sum over m`` as a value; None if it is not that."""
    match = _VALUE.fullmatch(text)
    sizes = read_sizes(match["dims"]) if match else None
    if match is None or sizes is None:
        return None
    partial = listed(match["atoms"] or "")
    shares = tuple(read_shares(match["dims"]))
    return Value(text, match["name"], match["dtype"], sizes, partial, match["kind"] or "", shares)


def read_shares(text: str) -> Iterator[tuple[int, int]]:
    """Of each dimension that is not expected to be full, how many of how many places are."""
    for match in map(_DIM.fullmatch, listed(text)):
        if match is not None and match["share"]:
            yield int(match["part"]), int(match["of"])


def read_claims(graph: DotGraph, finder: Finder) -> Mapping[str, Claim]:
    """The claims of all nodes; what cannot be read is a finding (HX0906)."""
    claims: dict[str, Claim] = {}
    for node in graph.nodes.values():
        problems = list(_problems(node))
        for problem in problems:
            finder.add("HX0906", node.line, f"{node.id}: {problem}")
        if not problems:
            claims[node.id] = _claim(node)
    return claims


def _problems(node: DotNode) -> Iterator[str]:
    attributes = node.attributes
    for name in ("op", "in", "out"):
        if name not in attributes:
            yield f"the attribute `{name}` is missing"
    if ("gpu" in attributes) == ("gpus" in attributes):
        yield "exactly one of `gpu` and `gpus` must be there"
    where = attributes.get("gpu", attributes.get("gpus", ""))
    gpus = read_gpus(where)
    if not gpus or ("gpu" in attributes and len(gpus) != 1):
        yield f"{where!r} names no GPU"
    for text in _entries(attributes.get("in", "")):
        if _NUMBER.fullmatch(text) is None and read_value(_bare(text)) is None:
            yield f"input {text!r} cannot be read"
    out = attributes.get("out", "")
    if out and read_value(out) is None:
        yield f"output {out!r} cannot be read"


def _entries(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("; ") if part)


def _bare(text: str) -> str:
    return text.removeprefix("weight ").removeprefix("state ")


def _claim(node: DotNode) -> Claim:
    attributes = node.attributes
    entries = _entries(attributes["in"])
    values = [(text, read_value(_bare(text))) for text in entries]
    return Claim(
        node=node,
        op=attributes["op"],
        gpus=read_gpus(attributes.get("gpu", attributes.get("gpus", ""))) or (),
        alone="gpu" in attributes,
        inputs=tuple(v for text, v in values if v is not None and text == v.text),
        held=tuple(v for text, v in values if v is not None and text != v.text),
        out=read_value(attributes["out"]),
    )
