"""Reading a drawing back from its file alone, and finding out whether it can be believed.

Nothing here is shared with the code that draws: what a drawing means is written down a second time,
so that a mistake in one place is found by the other.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.diagnostics import Diagnostic
from helixc.inspect.collectives import Neighbours, check_collectives
from helixc.inspect.coverage import check_coverage, check_mesh
from helixc.inspect.cycle import find_cycle
from helixc.inspect.edges import check_edges
from helixc.inspect.facts import COLLECTIVES, Claim, Finder, read_claims, read_gpus, read_sizes
from helixc.inspect.labels import check_labels
from helixc.inspect.operators import check_operators
from helixc.inspect.reader import DotEdge, DotGraph, read_dot
from helixc.inspect.tokens import unreadable

SCHEMA = "helixc.inspect/1"


@attrs.frozen
class Collective:
    """One collective and group of a drawing."""

    node: str
    kind: str
    axes: tuple[str, ...]
    gpus: tuple[int, ...]
    bytes_per_gpu: int


@attrs.frozen(kw_only=True)
class Inspection:
    """What is in a drawing, and everything that is wrong with it.

    ``cycle``: the nodes of one cycle, in order, () if there is none.  ``operators``: how many nodes of
    each kind, sorted by name.
    """

    file: str
    nodes: int
    edges: int
    cycle: tuple[str, ...]
    gpus: tuple[int, ...]
    operators: tuple[tuple[str, int], ...]
    collectives: tuple[Collective, ...]
    findings: tuple[Diagnostic, ...]

    @property
    def acyclic(self) -> bool:
        """Whether no arrows lead round."""
        return not self.cycle

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def inspect_dot(text: str, file: str = "") -> Inspection:
    """Read a drawing and check it.  Raises ``HelixError`` (HX0905) where the text is no drawing."""
    graph = read_dot(text, file)
    finder = Finder(file)
    edges = tuple(edge for edge in graph.edges if edge.attributes.get("style") != "invis")
    claims = read_claims(graph, finder)
    cycle = find_cycle(tuple(graph.nodes), edges)
    if cycle:
        finder.add("HX0907", graph.nodes[cycle[0]].line, f"arrows lead round: {' -> '.join(cycle)}")
    _check(graph, edges, claims, finder)
    return Inspection(
        file=file,
        nodes=len(graph.nodes),
        edges=len(edges),
        cycle=cycle,
        gpus=tuple(sorted({gpu for claim in claims.values() if claim.alone for gpu in claim.gpus})),
        operators=_operators(claims),
        collectives=tuple(_collectives(claims)),
        findings=tuple(finder.found),
    )


def _check(
    graph: DotGraph, edges: tuple[DotEdge, ...], claims: Mapping[str, Claim], finder: Finder
) -> None:
    if "helix" not in graph.attributes:
        raise unreadable(finder.file, 1, "this graph is no drawing of helixc: `helix` is missing")
    mesh = read_sizes(graph.attributes.get("mesh", ""))
    shown = read_gpus(graph.attributes.get("shown", ""))
    check_labels(claims, graph, finder)
    check_edges(claims, edges, finder)
    check_operators(claims, finder)
    if mesh is None or shown is None:
        finder.add("HX0906", 1, "`mesh` and `shown` say which GPUs there are; one cannot be read")
        return
    check_mesh(mesh, shown, finder)
    check_collectives(claims, mesh, frozenset(shown), _neighbours(edges), finder)
    check_coverage(graph, len(edges), claims, shown, finder)


def _neighbours(edges: tuple[DotEdge, ...]) -> Neighbours:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for edge in edges:
        before.setdefault(edge.target, []).append(edge.source)
        after.setdefault(edge.source, []).append(edge.target)
    return Neighbours(
        {name: tuple(names) for name, names in before.items()},
        {name: tuple(names) for name, names in after.items()},
    )


def _operators(claims: Mapping[str, Claim]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for claim in claims.values():
        counts[claim.op] = counts.get(claim.op, 0) + 1
    return tuple(sorted(counts.items()))


def _collectives(claims: Mapping[str, Claim]) -> list[Collective]:
    return [
        Collective(
            node=claim.node.id,
            kind=claim.op,
            axes=claim.names("axes"),
            gpus=claim.gpus,
            bytes_per_gpu=int(text)
            if (text := claim.attributes.get("bytes", "")).isdecimal()
            else 0,
        )
        for claim in claims.values()
        if claim.op in COLLECTIVES
    ]


def to_json(inspection: Inspection) -> dict[str, object]:
    """The inspection as plain data, ready for ``json``; schema ``helixc.inspect/1``."""
    return {
        "schema": SCHEMA,
        "file": inspection.file,
        "nodes": inspection.nodes,
        "edges": inspection.edges,
        "acyclic": inspection.acyclic,
        "cycle": list(inspection.cycle),
        "gpus": list(inspection.gpus),
        "operators": dict(inspection.operators),
        "collectives": [_collective_json(collective) for collective in inspection.collectives],
        "findings": [_finding_json(finding) for finding in inspection.findings],
        "ok": inspection.ok,
    }


def _collective_json(collective: Collective) -> dict[str, object]:
    return {
        "node": collective.node,
        "kind": collective.kind,
        "mesh_axes": list(collective.axes),
        "gpus": list(collective.gpus),
        "bytes_per_gpu": collective.bytes_per_gpu,
    }


def _finding_json(finding: Diagnostic) -> dict[str, object]:
    return {"code": finding.code, "line": finding.span.line, "message": finding.message}
