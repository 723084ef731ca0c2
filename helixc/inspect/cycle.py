"""One cycle of a graph, if it has any."""

from __future__ import annotations

from helixc.inspect.reader import DotEdge


def find_cycle(nodes: tuple[str, ...], edges: tuple[DotEdge, ...]) -> tuple[str, ...]:
    """The nodes of one cycle in the order of its arrows; () if there is none."""
    targets: dict[str, list[str]] = {}
    missing = dict.fromkeys(nodes, 0)
    for edge in edges:
        targets.setdefault(edge.source, []).append(edge.target)
        missing[edge.target] += 1
    ready = [node for node, count in missing.items() if not count]
    while ready:
        for target in targets.get(ready.pop(), ()):
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    left = {node for node, count in missing.items() if count}
    return _walk_back(left, edges) if left else ()


def _walk_back(left: set[str], edges: tuple[DotEdge, ...]) -> tuple[str, ...]:
    """From any node that waits for another one that waits, back until a node comes twice."""
    source = {e.target: e.source for e in edges if e.source in left and e.target in left}
    path: list[str] = []
    seen: dict[str, int] = {}
    node = min(left)
    while node not in seen:
        seen[node] = len(path)
        path.append(node)
        node = source[node]
    return tuple(reversed(path[seen[node] :]))
