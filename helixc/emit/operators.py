"""The operator-level drawing: every operator of every GPU drawn, one frame per GPU.

A collective stands outside the frames, one node per group, with an edge from and to every member.
Where a value comes from outside the drawing or goes there, a small node on each GPU says so.
"""

from __future__ import annotations

import attrs

from helixc.emit.boundary import Boundary, Instance
from helixc.emit.facts import FactBook
from helixc.emit.graph import Edge, Node
from helixc.emit.nodes import arriving_node, edge, group_tone, leaving_node, task_id, task_node
from helixc.ir.device import DeviceProgram, Task


@attrs.frozen
class Placed:
    """A node, the instance it belongs to, and its GPUs: one, or the members of a group."""

    node: Node
    instance: Instance
    gpus: tuple[int, ...]
    alone: bool = True


@attrs.frozen
class Operators:
    """The nodes and edges of a selection of a program, in program order."""

    nodes: tuple[Placed, ...]
    edges: tuple[Edge, ...]


def draw_operators(device: DeviceProgram) -> Operators:
    """Every task of a device program as a node, weights apart; what it reads as edges."""
    return _Painter(device).paint()


class _Painter:
    def __init__(self, device: DeviceProgram) -> None:
        self._device = device
        self._book = FactBook(device)
        self._boundary = Boundary(device, self._book.finder)
        gpus = device.selection.gpus
        self._gpus = frozenset(range(device.program.mesh.devices) if gpus is None else gpus)
        self._nodes: dict[str, Placed] = {}
        self._edges: list[Edge] = []
        self._tones: dict[str, str] = {}

    def paint(self) -> Operators:
        for number in range(self._device.tasks):
            task = self._device.task(number)
            instance = (int(self._device.template[number]), task.turns)
            if not self._book.is_held(instance):
                self._paint_task(task, instance)
        return Operators(tuple(self._nodes.values()), tuple(self._edges))

    def _paint_task(self, task: Task, instance: Instance) -> None:
        self._paint_inputs(task, instance)
        node = task_node(task, self._book.facts(instance))
        alone = task.template.atoms is None
        self._nodes[node.id] = Placed(node, instance, task.gpus, alone)
        if fate := self._boundary.fate(instance):
            self._paint_leaving(task, instance, fate)

    def _paint_inputs(self, task: Task, instance: Instance) -> None:
        tone = self._tones[task_id(task)] = group_tone(self._device.program.mesh, task)
        drawn: dict[str, Instance] = {}
        for step in task.after:
            source = self._device.task(step.task)
            origin = (int(self._device.template[step.task]), source.turns)
            if not self._book.is_held(origin):
                drawn[task_id(source)] = origin
        for item in self._book.facts(instance).inputs:
            if item.source is not None and not item.held and not self._boundary.has(item.source):
                for gpu in task.gpus:
                    if gpu in self._gpus:
                        drawn[self._paint_arriving(item.source, gpu, instance)] = item.source
        for origin_id, origin in drawn.items():
            shade = tone or self._tones.get(origin_id, "")
            self._edges.append(edge(self._book, origin, (origin_id, task_id(task)), shade))

    def _paint_arriving(self, source: Instance, gpu: int, reader: Instance) -> str:
        value = self._device.templates[source[0]].value
        node = arriving_node(self._book, source, value, gpu)
        self._nodes.setdefault(node.id, Placed(node, reader, (gpu,)))
        return node.id

    def _paint_leaving(self, task: Task, instance: Instance, fate: str) -> None:
        for gpu in task.gpus:
            if gpu in self._gpus:
                value = task.template.value
                node = leaving_node(self._book, instance, value, gpu, fate)
                self._nodes[node.id] = Placed(node, instance, (gpu,))
                tone = self._tones[task_id(task)]
                self._edges.append(edge(self._book, instance, (task_id(task), node.id), tone))
