"""Files for Model Explorer have the shape that its documentation gives, and say what the report says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import jsonschema
import pytest

import helixc
from helixc.analysis.timed_program import timed_program
from helixc.emit.explorer import Explorer, write_explorer
from helixc.emit.sheets import DrawingOptions

TEXT = {"type": "string"}
PAIRS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"key": TEXT, "value": TEXT},
        "required": ["key", "value"],
        "additionalProperties": False,
    },
}
# As the viewer's input_graph.ts and edge_overlays.ts describe them, and no field beyond.
NODE = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "label": TEXT,
        "namespace": TEXT,
        "attrs": PAIRS,
        "incomingEdges": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "sourceNodeId": TEXT,
                    "sourceNodeOutputId": TEXT,
                    "targetNodeInputId": TEXT,
                },
                "required": ["sourceNodeId"],
                "additionalProperties": False,
            },
        },
        "outputsMetadata": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": TEXT, "attrs": PAIRS},
                "required": ["id", "attrs"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["id", "label", "namespace"],
    "additionalProperties": False,
}
OVERLAY_EDGE = {
    "type": "object",
    "properties": {"sourceNodeId": TEXT, "targetNodeId": TEXT, "label": TEXT},
    "required": ["sourceNodeId", "targetNodeId"],
    "additionalProperties": False,
}
OVERLAYS = {
    "type": "object",
    "properties": {
        "type": {"const": "edge_overlays"},
        "name": TEXT,
        "overlays": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": TEXT,
                    "edges": {"type": "array", "items": OVERLAY_EDGE},
                    "edgeColor": TEXT,
                    "edgeWidth": {"type": "number"},
                },
                "required": ["name", "edges", "edgeColor"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["type", "name", "overlays"],
    "additionalProperties": False,
}
GRAPH = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "nodes": {"type": "array", "items": NODE},
        "groupNodeAttributes": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": TEXT},
        },
        "tasksData": {
            "type": "object",
            "properties": {"edgeOverlaysDataListLeftPane": {"type": "array", "items": OVERLAYS}},
            "additionalProperties": False,
        },
    },
    "required": ["id", "nodes"],
    "additionalProperties": False,
}
COLLECTION = {
    "type": "object",
    "properties": {"label": TEXT, "graphs": {"type": "array", "items": GRAPH, "minItems": 1}},
    "required": ["label", "graphs"],
    "additionalProperties": False,
}
NODE_DATA = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "type": "object",
        "properties": {
            "name": TEXT,
            "results": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"value": {"type": "number", "minimum": 0}},
                    "required": ["value"],
                },
            },
            "gradient": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"stop": {"type": "number"}, "bgColor": TEXT},
                    "required": ["stop", "bgColor"],
                },
            },
        },
        "required": ["results"],
        "additionalProperties": False,
    },
}
PLANS = (
    ("helix_16", "published"),
    ("llama_blocks", "tp8_sp"),
    ("custom_layer", "grid"),
    ("mixtral_8x7b", "experts"),
)


@cache
def written(example: str, plan: str) -> tuple[helixc.Compilation, Explorer]:
    compilation = helixc.compile(f"examples/{example}.hx", plan=plan)
    timed = timed_program(compilation.spmd, compilation.report)
    return compilation, write_explorer(timed, DrawingOptions())


def graph_of(explorer: Explorer) -> Mapping[str, Any]:
    collection = json.loads(explorer.files["explorer.json"])
    jsonschema.validate(collection, COLLECTION)
    (graph,) = collection["graphs"]
    return graph


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_nodes_are_unique_edges_lead_from_nodes_that_are_there_and_nothing_goes_round(
    example: str, plan: str
) -> None:
    graph = graph_of(written(example, plan)[1])
    sources = {
        node["id"]: [edge["sourceNodeId"] for edge in node["incomingEdges"]]
        for node in graph["nodes"]
    }
    assert len(sources) == len(graph["nodes"])
    assert {source for froms in sources.values() for source in froms} <= set(sources)
    assert len([*TopologicalSorter(sources).static_order()]) == len(sources)
    (overlays,) = graph["tasksData"]["edgeOverlaysDataListLeftPane"]
    edges = overlays["overlays"][0]["edges"]
    assert edges
    assert all(edge["sourceNodeId"] in sources[edge["targetNodeId"]] for edge in edges)


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_boxes_are_gpus_with_layers_in_them(example: str, plan: str) -> None:
    compilation, explorer = written(example, plan)
    spaces = [node["namespace"].split("/") for node in graph_of(explorer)["nodes"]]
    gpus = {space[0] for space in spaces} - {"collectives"}
    assert gpus == {f"GPU {gpu}" for gpu in range(compilation.spmd.mesh.devices)}
    layers = {layer.title for layer in compilation.report.layer_map.layers}
    assert {space[1].split(",")[0] for space in spaces if len(space) > 1} <= layers
    assert all(part for space in spaces for part in space)


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_data_speak_of_nodes_of_the_graph_and_agree_with_the_report(
    example: str, plan: str
) -> None:
    compilation, explorer = written(example, plan)
    graph = graph_of(explorer)
    ids = {node["id"] for node in graph["nodes"]}
    data = {}
    for name in ("explorer_time.json", "explorer_bytes.json"):
        answer = json.loads(explorer.files[name])
        jsonschema.validate(answer, NODE_DATA)
        assert set(answer) == {graph["id"]}
        data[name] = answer[graph["id"]]["results"]
        assert set(data[name]) <= ids
    path = compilation.report.critical_path
    runs = compilation.report.layer_map.runs
    times = {
        node.split("[")[0].split("@")[0]: row["value"]
        for node, row in data["explorer_time.json"].items()
        if node.endswith("@0")
    }
    alone = sum(runs[value] * time for value, time in times.items())
    assert alone * 10**6 == pytest.approx(path.compute_picoseconds)
    by_value = {c.result: c.bytes_per_gpu / c.times for c in compilation.report.collectives}
    for node, row in data["explorer_bytes.json"].items():
        if "@group" in node:
            assert row["value"] == by_value[node.split("[")[0].split("@")[0]]


def test_what_is_folded_says_so() -> None:
    compilation = helixc.compile("examples/gpt3_175b.hx", plan="tp8")
    timed = timed_program(compilation.spmd, compilation.report)
    explorer = write_explorer(timed, DrawingOptions())
    assert "folded" in explorer.folded
    assert explorer.folded == graph_of(explorer)["groupNodeAttributes"][""]["folded"]
