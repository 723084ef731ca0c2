"""Colours that people with colour-blindness can tell apart (palette of Okabe and Ito, 2008)."""

from __future__ import annotations

from helixc.ir.mesh import Mesh

PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999",
)  # fmt: skip
COLLECTIVE = "#333333"
BOUNDARY = "#EEEEEE"


def colour(index: int) -> str:
    """A strong colour; they come round again after eight."""
    return PALETTE[index % len(PALETTE)]


def tint(index: int, share: float = 0.16) -> str:
    """The same colour mixed with white, for backgrounds."""
    strong = colour(index)
    parts = (int(strong[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * share):02X}" for part in parts)


def family_atom(mesh: Mesh) -> str | None:
    """The atom by which GPUs are framed and coloured: the outermost that leaves groups inside it."""
    wide = [atom.name for atom in mesh.atoms if atom.size > 1]
    return wide[0] if len(wide) > 1 else None


def family(mesh: Mesh, gpu: int) -> int:
    """Which family of alike-coloured GPUs a GPU belongs to."""
    atom = family_atom(mesh)
    return 0 if atom is None else mesh.coordinate(gpu, atom)
