"""The pictures: small drawings of the examples, laid out once and committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from docs.made_examples import compiled
from docs.made_parallelism import PARALLELISMS, drawing, picture_name
from helixc.analysis.layers import find_layers
from helixc.emit.dot import write_dot
from helixc.emit.drawings import draw
from helixc.emit.plates import draw_plates
from helixc.emit.sheets import DrawingOptions
from helixc.emit.svg import SvgWriter
from helixc.ir.spmd import Spmd

FOLDER = Path(__file__).resolve().parent / "pictures"


@attrs.frozen
class Picture:
    """One drawing: of which plan, which part of the file's name it has, and whether of GPU 0 alone.

    ``words``: what is to be seen.
    """

    example: str
    plan: str
    part: str
    words: str
    one_gpu: bool = False

    @property
    def name(self) -> str:
        """The name of the file."""
        return f"{self.example}_{self.plan}_{self.part}.svg"


PATTERNS = "communication_patterns"
# GPUs and collectives that a page can show: sixteen GPUs with eleven of them; of more GPUs the first stand for all.
NODES = 360
PLANS = (
    ("helix_16", "published", "mha"),
    ("helix_16", "two_level", "mha"),
    ("helix_16", "megatron", "mha"),
    ("helix_16", "megatron_sp", "mha"),
    ("gpt3_175b", "tp8", "mha"),
    ("gpt3_175b", "tp8_sp", "mha"),
    ("llama_blocks", "tp8", "gqa"),
    ("llama_blocks", "tp8_sp", "gqa"),
    ("fused_attention", "unfused", "gqa"),
    ("fused_attention", "heads", "gqa"),
    ("fused_attention", "context", "gqa"),
    ("long_context", "gathered", "grouped"),
    ("long_context", "passed", "grouped"),
    ("long_context", "ulysses", "grouped"),
    ("long_context", "both", "grouped"),
    ("llama3_70b", "serve", "gqa"),
    ("llama3_70b", "kv_parallel", "gqa"),
    ("llama3_70b", "more_gpus_than_heads", "gqa"),
    ("more_gpus_than_heads", "shared", "gqa"),
    ("more_gpus_than_heads", "two_level", "gqa"),
    ("more_gpus_than_heads", "padded", "gqa"),
    ("more_gpus_than_heads", "context", "gqa"),
    ("more_gpus_than_heads", "copied", "gqa"),
    ("more_gpus_than_heads", "keys", "gqa"),
    ("gpt2", "tensor", "cached"),
    ("gpt2", "replicas", "cached"),
    ("nvidia_helix_decode", "helix", "gqa"),
    ("nvidia_helix_decode", "tensor", "gqa"),
    ("mixtral_8x7b", "experts", "moe"),
    ("mixtral_8x7b", "tensor", "moe"),
    ("deepseek_v3", "wide_ep", "moe"),
    ("deepseek_v3", "expert_tensor", "moe"),
    ("custom_layer", "tensor", "mix"),
    ("custom_layer", "grid", "mix"),
)
MATRIX, MESH = "communication_matrix", "mesh"
PLATES = (
    ("helix_16", "two_level", MATRIX, "Bytes from GPU to GPU"),
    ("helix_16", "two_level", MESH, "Which GPU holds which part"),
    ("llama3_70b", "kv_parallel", MESH, "Which GPU holds which part"),
)
DRAWN = tuple(
    picture
    for example, plan, layer in PLANS
    for picture in (
        Picture(example, plan, PATTERNS, f"Who talks to whom: {example}, plan {plan}"),
        Picture(
            example,
            plan,
            layer,
            f"{layer}, first turn, GPU 0 from top to bottom: {example}, {plan}",
            one_gpu=True,
        ),
    )
)
PICTURES = (
    *DRAWN,
    *(
        Picture(example, plan, part, f"{words}: {example}, plan {plan}")
        for example, plan, part, words in PLATES
    ),
)


def picture(folder: str, example: str, plan: str, part: str) -> Iterator[str]:
    """A line that shows a picture."""
    found = next(p for p in PICTURES if (p.example, p.plan, p.part) == (example, plan, part))
    yield f"![{found.words}]({folder}/{found.name})"


def write_pictures(pictures: Sequence[Picture]) -> None:
    """Lay out every picture."""
    FOLDER.mkdir(exist_ok=True)
    writer = SvgWriter()
    for one in pictures:
        svg = _plate(one) if one.part in (MATRIX, MESH) else compact(_drawing(one, writer))
        (FOLDER / one.name).write_text(svg, encoding="utf-8", newline="\n")


def _plate(one: Picture) -> str:
    plates = draw_plates(compiled(one.example, one.plan).spmd, DrawingOptions(), ())
    return next(plate.svg for plate in plates if plate.stem.endswith(f"_{one.part}"))


def _drawing(one: Picture, writer: SvgWriter) -> str:
    program = compiled(one.example, one.plan).spmd
    options = DrawingOptions(node_budget=NODES)
    if one.one_gpu:
        options = DrawingOptions(gpus=(0,), layers=(_first_turn(program, one.part),))
    drawings, _ = draw(program, options)
    marks = (f"{one.part}_", f"_{one.part}")
    drawing = next(d for d in drawings if d.stem.startswith(marks[0]) or d.stem.endswith(marks[1]))
    svg = writer.picture(drawing.stem, drawing.dot).svg
    if svg is None:
        raise RuntimeError(f"no engine lays out {drawing.stem}")
    return svg


def _first_turn(program: Spmd, title: str) -> int:
    """The number of the first turn that a layer is in; 0 outside a repeat."""
    named = (layer for layer in find_layers(program).layers if layer.title == title)
    return next((layer.first for layer in named), 0)


def write_layers() -> None:
    """Lay out the picture of every parallelism."""
    writer = SvgWriter()
    for way in PARALLELISMS:
        svg = writer.picture(way, write_dot(drawing(way))).svg
        if svg is None:
            raise RuntimeError(f"no engine lays out {way}")
        (FOLDER / picture_name(way)).write_text(compact(svg), encoding="utf-8", newline="\n")


def compact(svg: str) -> str:
    """The same picture in fewer bytes: what every text repeats is said once, at the root."""
    first = svg.find('font-family="')
    if first < 0:
        return svg
    family = svg[first : svg.index('"', first + len('font-family="')) + 1]
    svg = svg.replace(f" {family}", "").replace(' xml:space="preserve"', "")
    return svg.replace("<svg ", f'<svg xml:space="preserve" {family} ', 1)
