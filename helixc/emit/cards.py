"""The picture on the card of a program: who talks to whom."""

from __future__ import annotations

from helixc.card import Picture
from helixc.emit.drawings import pattern_drawing
from helixc.emit.svg import SvgWriter
from helixc.ir.spmd import Spmd


def program_picture(program: Spmd) -> Picture | None:
    """The communication of a program as a picture; None where nothing can lay it out."""
    drawing = pattern_drawing(program)
    svg = SvgWriter().picture(drawing.stem, drawing.dot).svg
    shows = f"who talks to whom in {program.name}, plan {program.plan.name}"
    return None if svg is None else Picture(svg=svg, shows=shows)
