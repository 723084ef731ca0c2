"""A plan's declaration against a program: every path, dimension and axis looked up.

Blocks come out in order of precedence: a block's own lines, then its inner blocks as written.
"""

from __future__ import annotations

from helixc.diagnostics import Findings, Span
from helixc.elaborate.hardware import level_numbers
from helixc.elaborate.meshes import read_mesh
from helixc.elaborate.places import Places, follow_all, paths_text
from helixc.elaborate.plan_lines import LineReader
from helixc.elaborate.rivals import report_rivals
from helixc.ir import source
from helixc.ir.hardware import Cluster
from helixc.ir.plan import Block, Place, Plan


def resolve_plan(
    decl: source.PlanDecl, places: Places, cluster: Cluster, findings: Findings
) -> Plan:
    """The plan as it applies to an inlined program; its mistakes are among the findings.

    Of a plan with mistakes the legal lines remain.
    """
    axes = read_mesh(decl, cluster, findings)
    reader = LineReader(places, axes, level_numbers(cluster), findings)
    blocks = _BlockReader(places, reader, findings)
    blocks.read(decl.lines, (Place(0),), -1, "", decl.span)
    for block in blocks.found:
        report_rivals(block, places, axes, findings)
    return Plan(name=decl.name.text, axes=axes, blocks=tuple(blocks.found), span=decl.span)


class _BlockReader:
    """Flattens nested blocks; ``found`` lists them in order of precedence."""

    def __init__(self, places: Places, lines: LineReader, findings: Findings) -> None:
        self._places = places
        self._lines = lines
        self._findings = findings
        self.found: list[Block] = []

    def read(
        self,
        lines: tuple[source.PlanLine, ...],
        places: tuple[Place, ...],
        parent: int,
        path: str,
        span: Span,
    ) -> None:
        """Read one block and, after it, the blocks inside it."""
        own = [self._lines.read(line, places) for line in lines]
        index = len(self.found)
        known = tuple(line for line in own if line is not None)
        self.found.append(Block(places, known, parent=parent, path=path, span=span))
        for line in lines:
            if isinstance(line, source.InBlock):
                self._read_inner(line, places, index)

    def _read_inner(self, line: source.InBlock, places: tuple[Place, ...], parent: int) -> None:
        found = follow_all(line.paths, places, self._places, self._findings)
        if found:
            self.read(line.lines, found, parent, paths_text(line.paths), line.span)
