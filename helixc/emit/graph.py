"""What a drawing consists of, before it is spelled in any format: nodes, edges, nested clusters."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

Attributes = tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class Node:
    """A box: ``title``, ``lines`` and ``place`` are what people read, ``facts`` the same for machines.

    ``look`` are attributes of the format that say nothing: shape, colour.
    """

    id: str
    title: str
    lines: tuple[str, ...] = ()
    place: str = ""
    facts: Attributes = ()
    look: Attributes = ()


@attrs.frozen(kw_only=True)
class Edge:
    """An arrow that carries a value."""

    source: str
    target: str
    facts: Attributes = ()
    look: Attributes = ()


@attrs.frozen(kw_only=True)
class Cluster:
    """A frame around nodes and further frames; ``title`` stands at its top."""

    id: str
    title: str
    nodes: tuple[Node, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    facts: Attributes = ()
    look: Attributes = ()


@attrs.frozen(kw_only=True)
class Graph:
    """A drawing: ``nodes`` stand outside all clusters; ``remarks`` stand under the title.

    ``columns``: nodes that stand one below the other.  ``abreast``: how many frames stand side by side, so
    that the title can be read beside them.
    """

    name: str
    title: str
    remarks: tuple[str, ...] = ()
    nodes: tuple[Node, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    edges: tuple[Edge, ...] = ()
    columns: tuple[tuple[str, ...], ...] = ()
    abreast: int = 1
    facts: Attributes = ()

    def all_nodes(self) -> Iterator[Node]:
        """Every node, clusters included."""
        yield from self.nodes
        waiting = list(reversed(self.clusters))
        while waiting:
            cluster = waiting.pop()
            yield from cluster.nodes
            waiting += reversed(cluster.clusters)


def is_acyclic(graph: Graph) -> bool:
    """Whether no arrows lead round."""
    targets: dict[str, list[str]] = {}
    missing: dict[str, int] = {node.id: 0 for node in graph.all_nodes()}
    for edge in graph.edges:
        targets.setdefault(edge.source, []).append(edge.target)
        missing[edge.target] += 1
    ready = [name for name, count in missing.items() if not count]
    done = 0
    while ready:
        done += 1
        for target in targets.get(ready.pop(), ()):
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    return done == len(missing)
