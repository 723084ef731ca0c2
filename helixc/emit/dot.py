"""A drawing as DOT text.  Everything written is quoted, so no name can break the file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from helixc.emit.graph import Attributes, Cluster, Edge, Graph, Node

# Above this many nodes dot's network simplex is bounded, so that large drawings take seconds.
MANY_NODES = 400

# The widest of the common fonts whose measures the engines know: text fits whatever shows it.
FONT = "DejaVu Sans"

# Of the title, where frames side by side are few; and up to how many times that.
TITLE_SIZE = 15
FEW_ABREAST = 4
LARGEST_TITLE = 3

# Longer lines of a label are broken, so that a GPU's column stays narrow.
LINE_LENGTH = 40
INDENT = "    "

_GRAPH_LOOK: Attributes = (
    ("rankdir", "TB"),
    # Ranks go across frames: what a collective feeds stands below it.
    ("newrank", "true"),
    # Frames keep the order of the file, GPU 0 first, instead of the one with the fewest crossings.
    ("mclimit", "0.01"),
    ("fontname", FONT),
    ("labelloc", "t"),
    ("labeljust", "l"),
    ("nodesep", "0.18"),
    ("ranksep", "0.42"),
    ("bgcolor", "white"),
)
_NODE_LOOK: Attributes = (
    ("shape", "record"),
    ("style", "filled,rounded"),
    ("fillcolor", "white"),
    ("fontname", FONT),
    ("fontsize", "10"),
    ("margin", "0.09,0.05"),
)
_EDGE_LOOK: Attributes = (("color", "#555555"), ("arrowsize", "0.6"))
_BOUNDED: Attributes = (("nslimit", "2"), ("nslimit1", "2"))


def write_dot(graph: Graph) -> str:
    """The whole file, ending in a line feed; equal graphs give equal bytes."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    many = sum(1 for _ in graph.all_nodes()) > MANY_NODES
    look = (*_GRAPH_LOOK, ("fontsize", _title_size(graph)), *(_BOUNDED if many else ()))
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
    for column in graph.columns:
        yield from _column(column)
    yield "}"


def _title_size(graph: Graph) -> str:
    """Larger above wide drawings, which are looked at from further away."""
    return str(TITLE_SIZE * min(max(graph.abreast // FEW_ABREAST, 1), LARGEST_TITLE))


def _cluster(cluster: Cluster, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph {quoted('cluster_' + cluster.id)} {{"
    title = quoted(cluster.title)
    yield f"{indent}  graph [label={title}{_more((*cluster.facts, *cluster.look))}];"
    for inner in cluster.clusters:
        yield from _cluster(inner, indent + "  ")
    for node in cluster.nodes:
        yield _node(node, indent + "  ")
    yield f"{indent}}}"


def _node(node: Node, indent: str) -> str:
    rest = _more((*node.facts, *node.look))
    return f"{indent}{quoted(node.id)} [label={_label(node)}{rest}];"


def _column(column: tuple[str, ...]) -> Iterator[str]:
    """Unseen arrows that keep nodes one below the other."""
    for upper, lower in pairwise(column):
        yield f"  {quoted(upper)} -> {quoted(lower)} [style=invis, weight=8];"


def _edge(edge: Edge) -> str:
    return (
        f"  {quoted(edge.source)} -> {quoted(edge.target)} "
        f"[{_attributes((*edge.facts, *edge.look))}];"
    )


def _label(node: Node) -> str:
    """Title, lines and place as three fields of a record, one under the other."""
    lines = (part for line in node.lines for part in _wrapped(line))
    body = "".join(f"{_field(part)}\\l" for part in lines)
    title = "\\n".join(_field(part.strip()) for part in _wrapped(node.title))
    fields = [
        title,
        *([body] if body else []),
        *([_field(node.place)] if node.place else []),
    ]
    return f'"{{{"|".join(fields)}}}"'


def _wrapped(line: str) -> Iterator[str]:
    """A long line in pieces, broken after commas; the pieces after the first are indented."""
    words = line.split(", ")
    part = words[0]
    for word in words[1:]:
        if len(part) + len(word) + 2 > LINE_LENGTH:
            yield f"{part},"
            part = INDENT + word
        else:
            part = f"{part}, {word}"
    yield part


def _heading(graph: Graph) -> str:
    lines = "".join(f"{_escaped(line)}\\l" for line in (graph.title, *graph.remarks))
    return f'"{lines}"'


def _attributes(attributes: Attributes) -> str:
    return ", ".join(f"{name}={quoted(value)}" for name, value in attributes)


def _more(attributes: Attributes) -> str:
    return f", {_attributes(attributes)}" if attributes else ""


def quoted(text: str) -> str:
    """Text as a DOT string: quotes, backslashes and control characters cannot end it or mean more."""
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return text.translate(_QUOTING)


def _field(text: str) -> str:
    """Text inside a record label, where braces, bars and angle brackets have a meaning too."""
    return _escaped(text).translate(_RECORD)


_QUOTING = str.maketrans({"\\": "\\\\", '"': '\\"'})
_RECORD = str.maketrans({c: f"\\{c}" for c in "{}|<> "})
