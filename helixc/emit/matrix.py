"""The plate of who receives how much from whom: one matrix of the whole step, and one per mesh axes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, product
from math import log10

import attrs

from helixc.analysis.exchanges import Exchanges, Table, find_exchanges
from helixc.analysis.layers import find_layers
from helixc.analysis.numbers_text import byte_text
from helixc.emit.colours import tint
from helixc.emit.shapes import (
    FAINT,
    GRID,
    INK,
    characters_in,
    cut,
    line,
    patch,
    plate,
    text,
    width_of,
)
from helixc.ir.hardware import Cluster
from helixc.ir.spmd import Spmd

MOST_PANELS = 9

_MOST_CHARACTERS = 100
_MARGIN = 16.0
_HEAD = 74.0
_LABELS = 62.0
_CAPTION = 40.0
# A matrix is so wide, or wider where its cells would be narrower than the least.
_WIDE, _LEAST_CELL, _MOST_CELL = 512.0, 16.0, 64.0
_SMALL = 0.5
_LEAST_PANEL = 320.0
_BESIDE = 3
# Cells that are at least so wide have their bytes written in them.
_TOLD_CELL = 30.0
_WHITE_ON = 0.75


@attrs.frozen(kw_only=True)
class _Scale:
    """Shades from the least to the most bytes of any cell of a plate, in tens."""

    least: int
    most: int

    def share(self, size: int) -> float:
        """From pale to dark; 0 for nothing."""
        if size == 0:
            return 0.0
        span = log10(self.most / self.least) if self.most > self.least else 1.0
        return 0.12 + 0.88 * (1 - log10(self.most / size) / max(span, 1.0))


@attrs.frozen
class _Panel:
    """A matrix, two lines of at most so many characters above it, and where and how large it is drawn."""

    title: str
    what: str
    table: Table
    corner: tuple[float, float]
    cell: float
    most: int


def draw_matrix(program: Spmd) -> tuple[str, str]:
    """The SVG text, and what of it is folded ("" if nothing)."""
    traffic = find_exchanges(program, find_layers(program))
    panels = list(_panels(traffic))
    sizes = [size for panel in panels for row in panel.table for size in row if size]
    scale = _Scale(least=min(sizes, default=1), most=max(sizes, default=1))
    folded = _folded_text(traffic)
    title = f"{program.name}, bytes from GPU to GPU in one step, plan {program.plan.name}"
    title, remarks = cut(title, _MOST_CHARACTERS), _remarks(program, traffic, folded)
    parts = [*_heading(title, remarks)]
    for panel in panels:
        parts += _panel(panel, traffic, scale, program.cluster)
    right = max(p.corner[0] + p.cell * traffic.rows for p in panels) + _MARGIN
    below = max(p.corner[1] + p.cell * traffic.rows for p in panels) + _MARGIN
    texts = (width_of(title, 15), *(width_of(remark) for remark in remarks))
    return plate((max(right, max(texts) + 2 * _MARGIN), below), title, parts), folded


def _heading(title: str, remarks: tuple[str, ...]) -> Iterator[str]:
    yield text((_MARGIN, 24), title, size=15, bold=True)
    for number, remark in enumerate(remarks):
        yield text((_MARGIN, 42 + 15 * number), remark, colour=FAINT)


def _remarks(program: Spmd, traffic: Exchanges, folded: str) -> tuple[str, ...]:
    axes = " x ".join(f"{axis.name} {axis.size}" for axis in program.mesh.axes)
    untold = len(traffic.parts) - MOST_PANELS
    remarks = [
        f"mesh {axes} on {program.cluster.name}; row: who receives, column: who sends",
        "what one has and the other comes to hold, whatever way it takes; darker: more, in powers of ten",
        folded,
        f"{untold} other combinations of axes are in the sum only" if untold > 0 else "",
    ]
    return tuple(cut(remark, _MOST_CHARACTERS) for remark in remarks if remark)


def _folded_text(traffic: Exchanges) -> str:
    return f"folded: each row is {traffic.block} GPUs" if traffic.block > 1 else ""


def _panels(traffic: Exchanges) -> Iterator[_Panel]:
    """All collectives together, and below it those over the same axes, if they differ."""
    shown, parts = traffic.rows, traffic.parts
    cell = min(max(_WIDE / shown, _LEAST_CELL), _MOST_CELL)
    names = [name for part in parts for name in part.what]
    title = f"over {', '.join(parts[0].axes)}" if len(parts) == 1 else "all together"
    what = _listed(names) if names else "no communication: every GPU works on its own"
    corner = (_MARGIN + _LABELS, _HEAD + 2 * _CAPTION)
    yield _Panel(title, what, traffic.total, corner, cell, _MOST_CHARACTERS)
    if len(parts) <= 1:
        return
    small, top = cell * _SMALL, corner[1] + cell * shown
    wide = max(_LABELS + small * shown, _LEAST_PANEL)
    most = characters_in(wide)
    for number, part in enumerate(parts[:MOST_PANELS]):
        row, column = divmod(number, _BESIDE)
        height = 2 * _CAPTION + small * shown
        place = (corner[0] + column * (wide + _MARGIN), top + row * height + 2 * _CAPTION)
        title = f"over {', '.join(part.axes)}{_each(part.table)}"
        yield _Panel(title, _listed(part.what), part.table, place, small, most)


def _each(table: Table) -> str:
    """How much a cell is, if all that are not empty are the same."""
    sizes = {size for row in table for size in row if size}
    return f": {byte_text(sizes.pop())} each" if len(sizes) == 1 else ""


def _listed(names: list[str] | tuple[str, ...]) -> str:
    """Names, each once, with how often it is there."""
    counts = {name: names.count(name) for name in names}
    return ", ".join(name if n == 1 else f"{name} (x {n})" for name, n in counts.items())


def _panel(panel: _Panel, traffic: Exchanges, scale: _Scale, cluster: Cluster) -> Iterator[str]:
    (left, top), shown = panel.corner, traffic.rows
    yield text((left - _LABELS, top - 46), cut(panel.title, panel.most), size=13, bold=True)
    yield text((left - _LABELS, top - 31), cut(panel.what, panel.most))
    for size, runs in _runs(panel.table).items():
        yield patch(panel.corner, panel.cell, runs, tint(0, scale.share(size)))
    yield from _grid(panel, shown)
    if panel.cell >= _TOLD_CELL:
        for row, column in product(range(shown), repeat=2):
            yield from _told(panel, row, column, scale)
    yield from _labels(panel, traffic)
    yield from _frames(panel, traffic, cluster)


def _grid(panel: _Panel, shown: int) -> Iterator[str]:
    (left, top), side = panel.corner, panel.cell * shown
    for number in range(1, shown):
        across = number * panel.cell
        yield line((left + across, top), (left + across, top + side), colour=GRID)
        yield line((left, top + across), (left + side, top + across), colour=GRID)


def _runs(table: Table) -> dict[int, list[tuple[int, int, int]]]:
    """For each size the runs of neighbours in a row that have it: row, first column, length."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    for row, cells in enumerate(table):
        column = 0
        for size, run in groupby(cells):
            length = sum(1 for _ in run)
            if size:
                found.setdefault(size, []).append((row, column, length))
            column += length
    return found


def _told(panel: _Panel, row: int, column: int, scale: _Scale) -> Iterator[str]:
    """The bytes of a cell, in words."""
    size, cell = panel.table[row][column], panel.cell
    if not size:
        return
    middle = panel.corner[0] + (column + 0.5) * cell
    below = panel.corner[1] + (row + 0.5) * cell
    colour = "white" if scale.share(size) > _WHITE_ON else INK
    number, unit = byte_text(size).split(" ")
    yield text((middle, below), _short(number), size=9, anchor="middle", colour=colour)
    yield text((middle, below + 10), unit, size=8, anchor="middle", colour=colour)


def _short(number: str) -> str:
    """Three digits of a number are enough in a cell."""
    return f"{float(number):.3g}"


def _labels(panel: _Panel, traffic: Exchanges) -> Iterator[str]:
    """The GPUs of rows and columns; where cells are narrow, every second or fourth."""
    (left, top), cell = panel.corner, panel.cell
    step = next(
        n for n in (1, 2, 4, 8, 16) if cell * n >= _LEAST_CELL * (1 if traffic.block == 1 else 2.5)
    )
    for number in range(0, traffic.rows, step):
        name = _gpus(number, traffic.block)
        yield text((left - 6, top + cell * (number + 0.5) + 4), name, size=10, anchor="end")
        yield text((left + cell * (number + 0.5), top - 6), name, size=10, anchor="middle")
    yield text((left - 6, top - 6), "GPU", size=10, anchor="end", colour=FAINT)


def _gpus(number: int, unit: int) -> str:
    first = number * unit
    return f"{first}" if unit == 1 else f"{first}-{first + unit - 1}"


def _frames(panel: _Panel, traffic: Exchanges, cluster: Cluster) -> Iterator[str]:
    """Thick lines where another node begins, if it has several rows, and around everything."""
    (left, top), cell, shown = panel.corner, panel.cell, traffic.rows
    places = [_members(number * traffic.block, traffic.block, cluster) for number in range(shown)]
    edges = [0, *(n for n in range(1, shown) if places[n] != places[n - 1]), shown]
    for edge in edges:
        yield line((left + edge * cell, top), (left + edge * cell, top + shown * cell), thick=1.5)
        yield line((left, top + edge * cell), (left + shown * cell, top + edge * cell), thick=1.5)


def _members(gpu: int, block: int, cluster: Cluster) -> tuple[int, ...]:
    """The members of levels that a GPU stands in, of those that hold more than a row."""
    inside, members = cluster.gpus, list[int]()
    for level, (_, member) in zip(cluster.levels[:-1], cluster.place(gpu), strict=True):
        inside //= level.size
        if inside > block:
            members.append(member)
    return tuple(members)
