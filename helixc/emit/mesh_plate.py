"""The plate of the mesh: a cell per GPU, and in it the part of every split dimension that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import attrs

from helixc.analysis.splits import DimensionSplit, find_splits
from helixc.emit.colours import colour, family, family_atom, tint
from helixc.emit.shapes import FAINT, GRID, INK, box, characters_in, cut, plate, text, width_of
from helixc.emit.wording import gpus_text
from helixc.ir.mesh import Mesh
from helixc.ir.spmd import Spmd

MOST_GPUS = 64
MOST_SPLITS = 8
MOST_BESIDE = 8

_MOST_CHARACTERS = 100
_MOST_NAMED = 6
_MARGIN = 16.0
_ROW = 22.0
_HEAD = 38.0
_BAR = 5.0
_PAD = 8.0
_GAP = 6.0
_LEAST_CELL, _MOST_CELL = 128.0, 210.0
_CHIP = 9.0


@attrs.frozen(kw_only=True)
class _Grid:
    """Which GPUs are drawn, so many side by side, and how large a cell is."""

    gpus: tuple[int, ...]
    beside: int
    cell: tuple[float, float]
    corner: tuple[float, float]

    def place(self, number: int) -> tuple[float, float]:
        """The upper left corner of a cell."""
        row, column = divmod(number, self.beside)
        (left, top), (width, height) = self.corner, self.cell
        return left + column * (width + _GAP), top + row * (height + _GAP)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the plate."""
        last = self.place(min(self.beside, len(self.gpus)) - 1)
        rows = ceil(len(self.gpus) / self.beside)
        below = self.place(self.beside * (rows - 1))[1] + self.cell[1]
        return last[0] + self.cell[0] + _MARGIN, below + _MARGIN


def draw_mesh(program: Spmd, gpus: tuple[int, ...] | None = None) -> tuple[str, str]:
    """The SVG text, and what of it is folded ("" if nothing); ``gpus``: only these."""
    mesh, splits = program.mesh, find_splits(program)
    wanted = tuple(range(mesh.devices)) if gpus is None else gpus
    shown = wanted[:MOST_GPUS]
    folded = ""
    if len(shown) < len(wanted):
        folded = f"folded: GPUs {gpus_text(shown)} are shown, the others go on in the same way"
    title = f"{program.name}, which GPU holds which part, plan {program.plan.name}"
    legend = list(_legend(program, splits[:MOST_SPLITS], len(splits), folded))
    grid = _grid(program, shown, splits[:MOST_SPLITS], 42 + 16 * len(legend))
    parts = [text((_MARGIN, 24), cut(title, _MOST_CHARACTERS), size=15, bold=True)]
    for number, (chip, words) in enumerate(legend):
        parts += _legend_line(number, chip, words)
    for number, gpu in enumerate(shown):
        parts += _cell(program, gpu, splits[:MOST_SPLITS], grid.place(number), grid.cell)
    widest = max(width_of(words) + 2 * _CHIP for _, words in legend)
    width = max(grid.size[0], widest + 2 * _MARGIN, width_of(cut(title, _MOST_CHARACTERS), 15) + 32)
    return plate((width, grid.size[1]), title, parts), folded


def _legend(
    program: Spmd, splits: tuple[DimensionSplit, ...], count: int, folded: str
) -> Iterator[tuple[str, str]]:
    """Lines with the colour of the chip before them, "" for none."""
    mesh = program.mesh
    axes = " x ".join(f"{axis.name} {axis.size}" for axis in mesh.axes)
    atom = family_atom(mesh)
    cells = "one cell per GPU" if atom is None else f"one cell per GPU, coloured by {atom}"
    yield "", cut(f"mesh {axes} on {program.cluster.name}; {cells}", _MOST_CHARACTERS)
    if not splits:
        yield "", "nothing is split: every GPU holds everything"
    for number, split in enumerate(splits):
        ways = mesh.ways(split.atoms)
        words = f"{split.dim} {split.size} over {', '.join(split.axes)}: {ways} parts of {split.size // ways}"
        names = f"{', '.join(split.layers)}{_kept_text(split)}"
        yield colour(number), cut(f"{words}; in {names}", _MOST_CHARACTERS)
    if count > len(splits):
        yield "", f"and {count - len(splits)} other splits"
    if folded:
        yield "", folded


def _kept_text(split: DimensionSplit) -> str:
    """The weights and states, or the first of them."""
    if not split.kept:
        return ""
    more = ", ..." if len(split.kept) > _MOST_NAMED else ""
    return f" (kept: {', '.join(split.kept[:_MOST_NAMED])}{more})"


def _legend_line(number: int, chip: str, words: str) -> Iterator[str]:
    below = 44 + 16 * number
    if chip:
        yield box((_MARGIN, below - _CHIP), (_CHIP, _CHIP), chip)
    yield text((_MARGIN + (2 * _CHIP if chip else 0), below), words, colour=INK if chip else FAINT)


def _grid(
    program: Spmd, shown: tuple[int, ...], splits: tuple[DimensionSplit, ...], top: float
) -> _Grid:
    """The innermost axis goes to the right, or as much of it as there is room for."""
    mesh = program.mesh
    inner = mesh.axes[-1].size if mesh.axes else 1
    whole = inner if 1 < inner <= MOST_BESIDE and shown == tuple(range(len(shown))) else MOST_BESIDE
    texts = [_part_text(split, gpu, mesh) for split in splits for gpu in shown]
    texts += [_place_text(program, gpu) for gpu in shown]
    widest = max((width_of(words, 10) for words in texts), default=0.0)
    return _Grid(
        gpus=shown,
        beside=min(whole, len(shown)),
        cell=(
            min(max(widest + 2 * _PAD, _LEAST_CELL), _MOST_CELL),
            _HEAD + _ROW * len(splits) + _PAD,
        ),
        corner=(_MARGIN, top + _MARGIN),
    )


def _cell(
    program: Spmd,
    gpu: int,
    splits: tuple[DimensionSplit, ...],
    corner: tuple[float, float],
    cell: tuple[float, float],
) -> Iterator[str]:
    """A GPU: its number, where it stands, and for each split the part it holds, in words and as a bar."""
    mesh, (left, top) = program.mesh, corner
    shade = family(mesh, gpu)
    yield box(corner, cell, tint(shade), stroke=colour(shade), thick=1.5)
    yield text((left + _PAD, top + 16), f"GPU {gpu}", size=11, bold=True)
    wide = cell[0] - 2 * _PAD
    room = characters_in(wide, 10)
    place = cut(_place_text(program, gpu), room)
    yield text((left + _PAD, top + 29), place, size=10, colour=FAINT)
    for number, split in enumerate(splits):
        below = top + _HEAD + _ROW * number
        words = cut(_part_text(split, gpu, mesh), room)
        yield text((left + _PAD, below + 9), words, size=10)
        start, stop = (edge / split.size * wide for edge in split.part(gpu, mesh))
        yield box((left + _PAD, below + 12), (wide, _BAR), "white", stroke=GRID)
        yield box((left + _PAD + start, below + 12), (max(stop - start, 1), _BAR), colour(number))


def _place_text(program: Spmd, gpu: int) -> str:
    """Coordinates in the mesh, and the member of each outer level of the cluster."""
    mesh = program.mesh
    parts = [f"{atom.name} {mesh.coordinate(gpu, atom.name)}" for atom in mesh.atoms]
    parts += [f"{level} {member}" for level, member in program.cluster.place(gpu)]
    return ", ".join(parts)


def _part_text(split: DimensionSplit, gpu: int, mesh: Mesh) -> str:
    start, stop = split.part(gpu, mesh)
    return f"{split.dim} {start}" if stop == start + 1 else f"{split.dim} {start}-{stop - 1}"
