"""What is drawn without a layout engine: the mesh with what each GPU holds, and the traffic matrix."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from helixc.emit.matrix import draw_matrix
from helixc.emit.mesh_plate import draw_mesh
from helixc.emit.sheets import DrawingOptions
from helixc.emit.stems import file_part, unique_stems
from helixc.ir.spmd import Spmd


@attrs.frozen(kw_only=True)
class Plate:
    """A picture: file name without suffix, SVG text, and what of it is folded ("" if nothing)."""

    stem: str
    svg: str
    folded: str


def draw_plates(program: Spmd, options: DrawingOptions, taken: Iterable[str]) -> tuple[Plate, ...]:
    """The plates of a program; ``taken`` are the stems of its drawings.

    ``options.gpus`` restricts the mesh; a matrix always has all GPUs.
    """
    name, before = file_part(program.name), tuple(taken)
    stems = unique_stems([*before, f"{name}_mesh", f"{name}_communication_matrix"])[len(before) :]
    drawn = (draw_mesh(program, options.gpus), draw_matrix(program))
    return tuple(
        Plate(stem=stem, svg=svg, folded=folded)
        for stem, (svg, folded) in zip(stems, drawn, strict=True)
    )
