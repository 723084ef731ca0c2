"""A drawing as DOT text.  Everything written is quoted, so no name can break the file."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from helixc.emit.graph import Attributes, Cluster, Edge, Graph, Node

# Above this many nodes dot's network simplex is bounded; ECOSYSTEM-sized graphs stay under a second.
MANY_NODES = 400

_GRAPH_LOOK: Attributes = (
    ("rankdir", "TB"),
    ("fontname", "Helvetica,Arial,sans-serif"),
    ("fontsize", "18"),
    ("labelloc", "t"),
    ("labeljust", "l"),
    ("nodesep", "0.18"),
    ("ranksep", "0.42"),
    ("bgcolor", "white"),
)
_NODE_LOOK: Attributes = (
    ("shape", "box"),
    ("style", "filled,rounded"),
    ("fillcolor", "white"),
    ("fontname", "Helvetica,Arial,sans-serif"),
    ("fontsize", "10"),
    ("margin", "0.09,0.05"),
)
_EDGE_LOOK: Attributes = (("color", "#555555"), ("arrowsize", "0.6"))
_LEFT = '<BR ALIGN="LEFT"/>'
_BOUNDED: Attributes = (("nslimit", "2"), ("nslimit1", "2"), ("mclimit", "0.5"))


def write_dot(graph: Graph) -> str:
    """The whole file, ending in a line feed; equal graphs give equal bytes."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    many = sum(1 for _ in graph.all_nodes()) > MANY_NODES
    look = (*_GRAPH_LOOK, *(_BOUNDED if many else ()))
    yield f"digraph {quoted(graph.name)} {{"
    yield f"  graph [{_attributes(graph.facts)}];"
    yield f"  graph [{_attributes(look)}, label={_heading(graph)}];"
    yield f"  node [{_attributes(_NODE_LOOK)}];"
    yield f"  edge [{_attributes(_EDGE_LOOK)}];"
    for cluster in graph.clusters:
        yield from _cluster(cluster, "  ")
    for node in graph.nodes:
        yield _node(node, "  ")
    for edge in graph.edges:
        yield _edge(edge)
    yield "}"


def _cluster(cluster: Cluster, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph {quoted('cluster_' + cluster.id)} {{"
    title = f"<<B>{_markup(cluster.title)}</B>>"
    yield f"{indent}  graph [label={title}{_more((*cluster.facts, *cluster.look))}];"
    for inner in cluster.clusters:
        yield from _cluster(inner, indent + "  ")
    for node in cluster.nodes:
        yield _node(node, indent + "  ")
    yield f"{indent}}}"


def _node(node: Node, indent: str) -> str:
    rest = _more((*node.facts, *node.look))
    return f"{indent}{quoted(node.id)} [label={_label(node)}{rest}];"


def _edge(edge: Edge) -> str:
    return (
        f"  {quoted(edge.source)} -> {quoted(edge.target)} "
        f"[{_attributes((*edge.facts, *edge.look))}];"
    )


def _label(node: Node) -> str:
    rows = [f"<B>{_markup(node.title)}</B>", *(_markup(line) for line in node.lines)]
    return f"<{''.join(row + _LEFT for row in rows)}>"


def _heading(graph: Graph) -> str:
    """Title, remarks and legend as one table above the drawing."""
    rows = [_wide(f"<B>{_markup(graph.title)}</B>")]
    rows += [_wide(_small(remark)) for remark in graph.remarks]
    rows += [
        f'<TD BGCOLOR="{_markup(key.colour)}" WIDTH="36"></TD>'
        f'<TD ALIGN="LEFT">{_small(key.meaning)}</TD>'
        for key in graph.legend
    ]
    body = "".join(f"<TR>{row}</TR>" for row in rows)
    return f'<<TABLE BORDER="0" CELLSPACING="2" CELLPADDING="1">{body}</TABLE>>'


def _wide(markup: str) -> str:
    return f'<TD ALIGN="LEFT" COLSPAN="2">{markup}</TD>'


def _small(text: str) -> str:
    return f'<FONT POINT-SIZE="12">{_markup(text)}</FONT>'


def _attributes(attributes: Attributes) -> str:
    return ", ".join(f"{name}={quoted(value)}" for name, value in attributes)


def _more(attributes: Attributes) -> str:
    return f", {_attributes(attributes)}" if attributes else ""


def quoted(text: str) -> str:
    """Text as a DOT string: quotes, backslashes and control characters cannot end it or mean more."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _markup(text: str) -> str:
    """Text inside an HTML-like label."""
    return escape("".join(c if c.isprintable() else " " for c in text), quote=True)
