"""Writes what a configuration says as ``.hx`` text: the model, its layers, a cluster and a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from helixc.importing.checkpoint import count_elements
from helixc.importing.formulas import Value, Values, holds
from helixc.importing.kinds import LayerKind, layer_kinds
from helixc.importing.patterns import find_repeats
from helixc.importing.reading import Reading
from helixc.importing.template import Line, fill, lay_out, read_template
from helixc.printable import escape

# Layers, in the order in which a reader meets them; each says in its first line when it is needed.
LAYERS = ("attention", "latent", "rope_part", "rope_scaled", "moe", "shared", "feed", "feed_plain")

_BYTES = {"bf16": 2, "f16": 2, "f32": 4, "f64": 8}
_FEWEST_GPUS = 8
_MOST_GPUS = 2**12
_GPUS_PER_NODE = 8
# Bytes of weights that a GPU of 80 GB may hold, so that caches and activations find room.
_ROOM = 60 * 10**9
# When a number of GPUs divides everything that the plan splits.
_DIVIDES = (
    ("grouped", "group % (gpus // gcd(kv_head, gpus)) == 0"),
    ("not grouped", "head % gpus == 0"),
    ("some_dense", "hidden % gpus == 0"),
    ("some_sparse", "expert % gpus == 0"),
    ("some_sparse and shared_hidden", "shared_hidden % gpus == 0"),
)


@attrs.frozen
class Imported:
    """The text of a model, and how many parameters it has."""

    text: str
    parameters: int


def write_model(reading: Reading) -> Imported:
    """The file that a reader opens, changes and compiles."""
    kinds = layer_kinds(reading)
    parameters = count_elements(reading)
    values: dict[str, Value] = {
        **reading.values,
        "family": reading.family.name,
        "model": reading.family.name,
        "parameters": f"{parameters:,}".replace(",", " "),
        "some_dense": any(not kind.sparse for kind in kinds),
        "some_sparse": any(kind.sparse for kind in kinds),
    }
    values.update(_gpus(values, parameters))
    lines = [*fill(read_template("header"), values, reading.origins), *_remarks(reading)]
    for template in ("imports", "model", *LAYERS, "plan"):
        lines += [Line(""), *_section(template, values, reading.origins, kinds)]
    return Imported(lay_out(lines), parameters)


def _section(
    template: str, values: Values, origins: Mapping[str, str], kinds: tuple[LayerKind, ...]
) -> Iterator[Line]:
    """The lines of one template; ``$body`` alone on a line stands for the layers."""
    for line in fill(read_template(template), {**values, "body": "$body"}, origins):
        if line.text != "$body":
            yield line
            continue
        for turns, turn in find_repeats(kinds):
            yield Line(f"  repeat {turns} {{", origins["depth"])
            for kind in turn:
                for inner in _block(kind, values, origins):
                    yield attrs.evolve(inner, text=f"    {inner.text}")
            yield Line("  }")


def _block(kind: LayerKind, values: Values, origins: Mapping[str, str]) -> Iterator[Line]:
    return fill(read_template("block"), {**values, **attrs.asdict(kind)}, origins)


def _remarks(reading: Reading) -> list[Line]:
    return [Line(f"# {escape(remark)}") for remark in (*reading.assumed, *reading.aside)]


def _gpus(values: Values, parameters: int) -> dict[str, Value]:
    """How many GPUs the plan is for: the fewest that hold the weights, from those that divide evenly."""
    size = parameters * _BYTES[str(values["dtype"])]
    counts = [2**n for n in range(_MOST_GPUS.bit_length()) if _divides(values, 2**n)]
    enough = [n for n in counts if n >= _FEWEST_GPUS and size <= n * _ROOM]
    gpus = enough[0] if enough else counts[-1]
    nodes = max(1, gpus // _GPUS_PER_NODE)
    return {"gpus": gpus, "nodes": nodes, "gpus_per_node": gpus // nodes}


def _divides(values: Values, gpus: int) -> bool:
    counted = {**values, "gpus": gpus}
    return all(holds(split, counted) for when, split in _DIVIDES if holds(when, counted))
