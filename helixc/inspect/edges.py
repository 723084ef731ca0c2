"""Whether every edge carries what leaves its source and is wanted by its target, on the same GPU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from helixc.inspect.facts import Claim, Finder, read_sizes
from helixc.inspect.reader import DotEdge


def check_edges(claims: Mapping[str, Claim], edges: tuple[DotEdge, ...], finder: Finder) -> None:
    """Edges agree with their ends (HX0909), and every input has its edge (HX0912)."""
    arriving: dict[str, list[Claim]] = {name: [] for name in claims}
    leaving: dict[str, list[Claim]] = {name: [] for name in claims}
    for edge in edges:
        source, target = claims.get(edge.source), claims.get(edge.target)
        if source is None or target is None:
            continue
        arriving[edge.target].append(source)
        leaving[edge.source].append(target)
        for problem in _edge_problems(edge, source, target):
            message = f"{edge.source} -> {edge.target}: {problem}"
            finder.add("HX0909", edge.line, message)
    for name, claim in claims.items():
        for problem in _unconnected(claim, arriving[name], leaving[name]):
            finder.add("HX0912", claim.node.line, f"{name}: {problem}")


def _edge_problems(edge: DotEdge, source: Claim, target: Claim) -> Iterator[str]:
    if not set(source.gpus) & set(target.gpus):
        yield "its ends have no GPU in common"
    sizes = read_sizes(edge.attributes.get("dims", "?"))
    name = edge.attributes.get("value")
    if sizes is None or name is None:
        yield "`value` and `dims` are missing, or not readable"
        return
    wanted = [v for v in target.inputs if v.name == name and v.dims == sizes]
    if not wanted:
        yield f"{edge.target} reads no {name} [{edge.attributes['dims']}]"
    if source.op == "gpu":
        return
    if source.out is None or (source.out.name, source.out.dims) != (name, sizes):
        yield f"{edge.source} does not yield {name} [{edge.attributes['dims']}]"
    elif wanted and source.out not in wanted:
        yield f"{edge.source} yields {source.out.text}, {edge.target} reads {wanted[0].text}"


def _unconnected(claim: Claim, sources: list[Claim], targets: list[Claim]) -> Iterator[str]:
    yield from _missing(claim, sources)
    yield from _unwanted(claim, sources, targets)


def _missing(claim: Claim, sources: list[Claim]) -> Iterator[str]:
    """Inputs that no edge brings; and, of an operator, edges that nothing asks for."""
    if claim.op == "gpu":
        if sources:
            yield "a GPU receives nothing in this kind of drawing"
        return
    brought = {s.out.text for s in sources if s.out is not None}
    for text in dict.fromkeys(value.text for value in claim.inputs):
        if text not in brought and not any(s.op == "gpu" for s in sources):
            yield f"no edge brings {text}"
    if claim.alone and len(sources) > len(claim.inputs):
        yield f"{len(sources)} edges lead here, but it reads {len(claim.inputs)} values"


def _unwanted(claim: Claim, sources: list[Claim], targets: list[Claim]) -> Iterator[str]:
    """Every value goes somewhere, if only to a node that says it is unused."""
    if claim.out is None and claim.op != "gpu" and targets:
        yield "what leaves the drawing feeds nothing in it"
    if claim.out is not None and not targets and not any(s.op == "gpu" for s in sources):
        yield f"no edge takes {claim.out.text} anywhere"
