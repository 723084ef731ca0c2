"""The nodes of an operator-level drawing: what each says to people and to machines."""

from __future__ import annotations

from helixc.emit.boundary import Instance
from helixc.emit.colours import BOUNDARY, COLLECTIVE, colour, family, family_atom
from helixc.emit.facts import FactBook, Facts
from helixc.emit.graph import Attributes, Edge, Node
from helixc.emit.wording import gpus_text
from helixc.ir.device import Task
from helixc.ir.mesh import Mesh

_COLLECTIVE_LOOK: Attributes = (("fillcolor", COLLECTIVE), ("fontcolor", "white"))
_BOUNDARY_LOOK: Attributes = (("fillcolor", BOUNDARY), ("style", "filled,rounded,dashed"))


def task_id(task: Task) -> str:
    """A name that is the same however much of the program is drawn: value, turns, GPU or group."""
    group = "" if task.template.atoms is None else "group "
    return f"{_instance_id(task.template.value, task.turns)}@{group}{task.gpus[0]}"


def _instance_id(value: str, turns: tuple[int, ...]) -> str:
    return value + "".join(f"[{turn}]" for turn in turns)


def task_node(task: Task, facts: Facts) -> Node:
    """The node of an operator on one GPU, or of a collective and one group."""
    alone = task.template.atoms is None
    members = gpus_text(task.gpus)
    where = f"GPU {members}" if alone else f"GPUs {members}"
    lines = [*facts.lines] if not alone else []
    lines += [f"in: {item.text}" for item in facts.inputs]
    lines.append(f"out: {facts.out}")
    return Node(
        id=task_id(task),
        title=facts.title,
        lines=tuple(lines),
        place=where,
        facts=(
            ("op", facts.op),
            ("gpu" if alone else "gpus", members),
            ("in", "; ".join(item.text for item in facts.inputs)),
            ("out", facts.out),
            *facts.more,
        ),
        look=() if alone else _COLLECTIVE_LOOK,
    )


def arriving_node(book: FactBook, source: Instance, value: str, gpu: int) -> Node:
    """A value that one GPU holds already when the drawing begins."""
    text = book.value(source)
    return Node(
        id=f"{_instance_id(value, source[1])}@{gpu} arrives",
        title="arrives",
        lines=(f"out: {text}",),
        place=f"GPU {gpu}",
        facts=(("op", "arrives"), ("gpu", str(gpu)), ("in", ""), ("out", text)),
        look=_BOUNDARY_LOOK,
    )


def leaving_node(book: FactBook, origin: Instance, value: str, gpu: int, fate: str) -> Node:
    """A value that one GPU hands on to what is not drawn, to the outside, or to nobody."""
    text = book.value(origin)
    return Node(
        id=f"{_instance_id(value, origin[1])}@{gpu} {fate}",
        title=fate,
        lines=(f"in: {text}",),
        place=f"GPU {gpu}",
        facts=(("op", fate), ("gpu", str(gpu)), ("in", text), ("out", "")),
        look=_BOUNDARY_LOOK,
    )


def edge(book: FactBook, value: Instance, ends: tuple[str, str], tone: str = "") -> Edge:
    """An arrow that carries a value, in the colour of the group that it serves."""
    text = f"{book.name(value)} [{book.dims(value)}]"
    look: Attributes = (("tooltip", text),)
    if tone:
        look = (("tooltip", text), ("color", tone), ("penwidth", "1.6"))
    facts = (("value", book.name(value)), ("dims", book.dims(value)))
    return Edge(source=ends[0], target=ends[1], facts=facts, look=look)


def group_tone(mesh: Mesh, task: Task) -> str:
    """The colour of a group's edges: its family's, or its own if it spans families."""
    if task.template.atoms is None:
        return ""
    if family_atom(mesh) not in task.template.atoms:
        return colour(family(mesh, task.gpus[0]))
    rest = tuple(atom.name for atom in mesh.atoms if atom.name not in task.template.atoms)
    return colour(mesh.rank(task.gpus[0], rest)) if rest else COLLECTIVE
