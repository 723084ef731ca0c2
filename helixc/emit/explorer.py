"""Files for Model Explorer: the whole model as nested boxes, by GPU and layer, and data to colour it by.

``explorer.json`` is a collection of graphs in the viewer's own format (its ``input_graph.ts``): every value
of an attribute is a string, namespaces are paths, and edges stand with the node that they lead to.
``explorer_time.json`` and ``explorer_bytes.json`` are node data for its "load per-node data".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from helixc.analysis.buffers import block_bytes
from helixc.analysis.collectives import kind_of, move_bytes
from helixc.analysis.numbers_text import byte_text, seconds_text
from helixc.analysis.timed_program import TimedProgram
from helixc.analysis.timeline import path_values
from helixc.emit.colours import PALETTE
from helixc.emit.drawings import layer_sections
from helixc.emit.graph import Edge
from helixc.emit.operators import Operators, Placed, draw_operators
from helixc.emit.sheets import DrawingOptions, model_sheet
from helixc.ir.device import DeviceProgram
from helixc.ir.expansion import expand
from helixc.ir.spmd import Move

Json = dict[str, Any]

_PATH_COLOUR = PALETTE[5]
_NOT_RUN = ("arrives", "leaves", "output", "kept", "unused")
_PICOSECONDS_PER_MICROSECOND = 1_000_000


@attrs.frozen(kw_only=True)
class Explorer:
    """The texts by the names of their files, and what stands for what, "" if everything is there."""

    files: Mapping[str, str]
    folded: str


def write_explorer(timed: TimedProgram, options: DrawingOptions) -> Explorer:
    """The files of a program; nodes and folding are those of the drawing of the whole model."""
    sheet = model_sheet(timed.program, options)
    return _Writer(timed, expand(sheet.program, sheet.selection), sheet.folded).files()


class _Writer:
    def __init__(self, timed: TimedProgram, device: DeviceProgram, folded: str) -> None:
        self._timed = timed
        self._device = device
        self._folded = folded
        self._operators: Operators = draw_operators(device)
        self._section = layer_sections(device)
        self._id = f"{timed.program.name}, plan {timed.program.plan.name}"

    def files(self) -> Explorer:
        times = {item.node.id: self._microseconds(item) for item in self._run()}
        sizes = {item.node.id: self._bytes(item) for item in self._run()}
        texts = {
            "explorer.json": {"label": self._id, "graphs": [self._graph()]},
            "explorer_time.json": {self._id: _node_data("microseconds of one run", times)},
            "explorer_bytes.json": {
                self._id: _node_data("bytes yielded, or received by a collective", sizes)
            },
        }
        files = {name: json.dumps(value, indent=1) + "\n" for name, value in texts.items()}
        return Explorer(files=files, folded=self._folded)

    def _run(self) -> Iterable[Placed]:
        """What is an operator or a collective, and no value that comes or goes."""
        return (i for i in self._operators.nodes if dict(i.node.facts)["op"] not in _NOT_RUN)

    def _graph(self) -> Json:
        incoming: dict[str, list[Edge]] = {}
        for edge in self._operators.edges:
            incoming.setdefault(edge.target, []).append(edge)
        nodes = [self._node(item, incoming.get(item.node.id, [])) for item in self._operators.nodes]
        return {
            "id": self._id,
            "nodes": nodes,
            "groupNodeAttributes": {"": self._about()},
            "tasksData": {"edgeOverlaysDataListLeftPane": [self._longest_path()]},
        }

    def _about(self) -> dict[str, str]:
        program, path = self._timed.program, self._timed.path
        about = {
            "model": program.name,
            "plan": program.plan.name,
            "cluster": program.cluster.name,
            "mesh": " x ".join(f"{axis.name} {axis.size}" for axis in program.mesh.axes),
            "time": seconds_text(path.picoseconds),
            "weights per GPU": byte_text(self._timed.memory.weights_bytes),
        }
        if self._timed.memory.states:
            about["states per GPU"] = byte_text(self._timed.memory.state_bytes)
        return about | ({"folded": self._folded} if self._folded else {})

    def _node(self, item: Placed, incoming: Iterable[Edge]) -> Json:
        facts = dict(item.node.facts)
        return {
            "id": item.node.id,
            "label": item.node.title,
            "namespace": self._namespace(item),
            "attrs": [{"key": key, "value": value} for key, value in facts.items()],
            "incomingEdges": [
                {
                    "sourceNodeId": edge.source,
                    "sourceNodeOutputId": "0",
                    "targetNodeInputId": str(position),
                }
                for position, edge in enumerate(incoming)
            ],
            "outputsMetadata": [
                {"id": "0", "attrs": [{"key": "tensor_shape", "value": facts["out"]}]}
            ],
        }

    def _namespace(self, item: Placed) -> str:
        place = f"GPU {item.gpus[0]}" if item.alone else "collectives"
        section = self._section(item.instance)
        return "/".join(part.replace("/", "_") for part in (place, section) if part)

    def _longest_path(self) -> Json:
        """The edges between statements on the longest path."""
        on_path = path_values(self._timed.path.steps)
        nodes = {item.node.id for item in self._run() if self._value(item) in on_path}
        edges = [
            {"sourceNodeId": edge.source, "targetNodeId": edge.target}
            for edge in self._operators.edges
            if edge.source in nodes and edge.target in nodes
        ]
        overlay = {"name": "all GPUs", "edges": edges, "edgeColor": _PATH_COLOUR, "edgeWidth": 3}
        return {"type": "edge_overlays", "name": "longest path", "overlays": [overlay]}

    def _value(self, item: Placed) -> str:
        return self._device.templates[item.instance[0]].value

    def _microseconds(self, item: Placed) -> float:
        price = self._timed.schedule.prices[self._value(item)]
        return price.picoseconds / _PICOSECONDS_PER_MICROSECOND

    def _bytes(self, item: Placed) -> int:
        statement = self._device.templates[item.instance[0]].statement
        if isinstance(statement, Move) and kind_of(statement.step):
            return move_bytes(statement, self._timed.program)
        return block_bytes(statement.result, self._timed.program)


def _node_data(name: str, values: Mapping[str, float]) -> Json:
    """Values that colour nodes, from white to red."""
    return {
        "name": name,
        "results": {node: {"value": value} for node, value in values.items()},
        "gradient": [{"stop": 0, "bgColor": "#FFFFFF"}, {"stop": 1, "bgColor": _PATH_COLOUR}],
    }
