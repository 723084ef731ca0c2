"""The drawing of who talks to whom: one panel per kind of collective, GPUs above, groups below.

An arrow leads from every GPU to the group that it is a member of; the group's node says what is
exchanged, and over which parts of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from helixc.analysis.layers import Layer, LayerMap, find_layers
from helixc.emit.colours import colour, family, family_atom, tint
from helixc.emit.facts import FactBook, Facts
from helixc.emit.graph import Attributes, Cluster, Edge, Node
from helixc.emit.nodes import edge, group_tone, task_node
from helixc.ir.device import DeviceProgram, Selection, Task, templates_of
from helixc.ir.expansion import expand
from helixc.ir.hardware import Cluster as Hardware
from helixc.ir.mesh import Mesh
from helixc.ir.spmd import Spmd

_GPU_LOOK: Attributes = (("margin", "0.06,0.02"),)

_MOST_NAMED = 4


@attrs.frozen(kw_only=True)
class Panels:
    """Panels and arrows; ``columns`` put panels below each other, ``shown`` are the GPUs in each."""

    clusters: tuple[Cluster, ...]
    edges: tuple[Edge, ...]
    columns: tuple[tuple[str, ...], ...]
    shown: tuple[int, ...]


@attrs.frozen
class _Panel:
    """One collective of the program; ``use`` says where it stands and how often it runs."""

    index: int
    facts: Facts
    use: str


def draw_patterns(program: Spmd, gpus: tuple[int, ...] | None, budget: int) -> Panels:
    """One panel for each kind of collective of a program, with at most ``budget`` nodes in all.

    Where that is too few, the first GPUs are shown for all.
    """
    moved = tuple(sorted(_collectives(program)))
    shown = tuple(range(program.mesh.devices)) if gpus is None else gpus
    while len(shown) > 1 and 2 * len(shown) * len(moved) > budget:
        shown = shown[: len(shown) // 2]
    # Loops turn once: a pattern is the same on every turn.
    turns = tuple((scope.id, (0,)) for scope in program.scopes if scope.kind == "repeat")
    device = expand(program, Selection(gpus=shown, turns=turns, values=moved))
    clusters: list[Cluster] = []
    edges: list[Edge] = []
    for number, panel in enumerate(_panels(device)):
        painted = _paint(device, panel, number, shown)
        clusters.append(painted[0])
        edges += painted[1]
    if not clusters:
        clusters.append(_silence(shown, program))
    columns = tuple(_columns(clusters, shown))
    return Panels(clusters=tuple(clusters), edges=tuple(edges), columns=columns, shown=shown)


def _columns(panels: list[Cluster], shown: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """What holds a panel below the one above it: groups from the left over GPUs from the left.

    So panels stand straight below each other, and GPUs keep their order whatever the groups are.
    """
    for number, upper in enumerate(panels[:-1], start=1):
        for position, gpu in enumerate(shown):
            group = upper.nodes[position * len(upper.nodes) // len(shown)]
            yield group.id, _gpu_id(number, gpu)


def legend(mesh: Mesh) -> tuple[str, ...]:
    """What frames, colours and dark boxes mean."""
    atom = family_atom(mesh)
    coloured = "" if atom is None else f", coloured by {atom}"
    return (
        f"one panel per collective; GPUs in the frames of their nodes{coloured}",
        "dark: the collective, one node per group; lines lead to it from its members, in its colour",
    )


def _collectives(program: Spmd) -> Iterator[str]:
    for template in templates_of(program):
        if template.atoms is not None:
            yield template.value


def _panels(device: DeviceProgram) -> Iterator[_Panel]:
    book, layers = FactBook(device), find_layers(device.program)
    for index, template in enumerate(device.templates):
        if template.atoms is not None:
            facts = book.facts((index, (0,) * len(template.loops)))
            yield _Panel(index, facts, _use(layers, template.value))


def _use(layers: LayerMap, value: str) -> str:
    """Where a collective stands and how often it runs: ``mha, layer 0 to 1``."""
    layer = layers.layer(value)
    times = layers.runs_per_turn(value)
    text = f"{layer.title}{_turns_text(layer)}"
    return text if times == 1 else f"{text}, {times} times each"


def _turns_text(layer: Layer) -> str:
    if not layer.repeats:
        return ""
    last = layer.first + layer.turns - 1
    if layer.turns == 1:
        return f", {layer.repeat} {last}"
    return f", {layer.repeat} {layer.first} to {last}"


def _paint(
    device: DeviceProgram, panel: _Panel, number: int, shown: tuple[int, ...]
) -> tuple[Cluster, list[Edge]]:
    mesh, hardware = device.program.mesh, device.program.cluster
    book = FactBook(device)
    tasks = [device.task(int(n)) for n in np.flatnonzero(device.template == panel.index)]
    hubs = [_hub(task, panel.facts, number, hardware) for task in tasks]
    frames, kept = _gpu_frames(number, shown, mesh, hardware), frozenset(shown)
    source = panel.facts.inputs[0].source
    edges: list[Edge] = []
    for task, hub in zip(tasks, hubs, strict=True):
        tone = group_tone(mesh, task)
        edges += [
            edge(book, source, (_gpu_id(number, gpu), hub.id), tone)
            for gpu in task.gpus
            if gpu in kept and source is not None
        ]
    size = len(tasks[0].gpus)
    groups = mesh.devices // size
    title = f"{panel.use}: {panel.facts.title}, {groups} group{'s'[: groups > 1]} of {size} GPUs"
    cluster = Cluster(
        id=f"panel_{number}", title=title, nodes=tuple(hubs), clusters=frames,
        look=(("color", "#777777"), ("bgcolor", "#FAFAFA"), ("fontsize", "14")),
    )  # fmt: skip
    return cluster, edges


def _silence(shown: tuple[int, ...], program: Spmd) -> Cluster:
    """The panel of a program without collectives."""
    return Cluster(
        id="panel_0",
        title="no communication: every GPU works on its own",
        clusters=_gpu_frames(0, shown, program.mesh, program.cluster),
    )


def _hub(task: Task, facts: Facts, number: int, hardware: Hardware) -> Node:
    node = task_node(task, facts)
    lines = (f"over {_reach(task.gpus, hardware)}", *node.lines)
    return attrs.evolve(node, id=f"panel {number} {node.id}", lines=lines)


def _gpu_frames(
    number: int, shown: tuple[int, ...], mesh: Mesh, hardware: Hardware
) -> tuple[Cluster, ...]:
    """The GPUs in a row, framed by the outer level of the cluster that they stand in."""
    places: dict[str, list[Node]] = {}
    for gpu in shown:
        index = family(mesh, gpu)
        look = (*_GPU_LOOK, ("fillcolor", tint(index, 0.35)), ("color", colour(index)))
        node = Node(
            id=_gpu_id(number, gpu),
            title=f"GPU {gpu}",
            facts=(("op", "gpu"), ("gpu", str(gpu)), ("in", ""), ("out", "")),
            look=look,
        )
        places.setdefault(_place(gpu, hardware), []).append(node)
    return tuple(
        Cluster(id=f"panel_{number}_place_{index}", title=place, nodes=tuple(nodes))
        for index, (place, nodes) in enumerate(places.items())
    )


def _gpu_id(number: int, gpu: int) -> str:
    return f"panel {number} GPU {gpu}"


def _place(gpu: int, hardware: Hardware) -> str:
    """``pod 0, node 1``: the members of the outer levels that a GPU stands in."""
    parts: list[str] = []
    inside, number = hardware.gpus, gpu
    for level in hardware.levels[:-1]:
        inside //= level.size
        index, number = divmod(number, inside)
        parts.append(f"{level.name} {index}")
    return ", ".join(parts) or hardware.name


def _reach(gpus: tuple[int, ...], hardware: Hardware) -> str:
    """Which places a group spans, and by which link they are joined."""
    places = list(dict.fromkeys(_place(gpu, hardware) for gpu in gpus))
    inside = hardware.gpus
    for level in hardware.levels:
        inside //= level.size
        if len({gpu // inside for gpu in gpus}) > 1:
            link = "" if level.link is None else f" via {level.link.name}"
            named = ", ".join(places) if len(places) <= _MOST_NAMED else f"{len(places)} places"
            return f"{named}{link}"
    return places[0]
