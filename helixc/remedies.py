"""What a plan could say instead of a split or a mesh that does not divide, each really compiled and priced.

Twelve heads on sixteen GPUs: another dimension may take what is left, or the whole axis; queries and keys
may be split along the sequence; or the heads are filled up to sixteen.  Which of these is cheapest is a matter
of the model, so each is written into the plan and the plan compiled.  Likewise the meshes that a cluster could have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import attrs

from helixc.activity import doing
from helixc.analysis.advice import Measure, measure
from helixc.analysis.numbers_text import seconds_text
from helixc.analysis.plan_text import Edit, PlanText
from helixc.choice.places import dims_within
from helixc.choice.verdicts import PRICED_ELSEWHERE
from helixc.compiler import compile_sources, lower
from helixc.diagnostics import Diagnostic, Findings, Fix, HelixError, Note, Span
from helixc.elaborate.choice import Choice
from helixc.elaborate.constants import evaluate
from helixc.elaborate.hardware import level_numbers
from helixc.elaborate.meshes import mesh_text, nearest_factorings
from helixc.ir.logical import Logical
from helixc.ir.plan import Shard
from helixc.ir.refine import tied_leaves
from helixc.ir.source import InBlock, MeshLine, PlanDecl, PlanLine, ShardLine, Sources
from helixc.pipeline import to_logical
from helixc.text.parser import parse_text
from helixc.text.scan import SourceText

UNEVEN = "HX0524"
MESH_TOO_LARGE = "HX0504"
# Plans compiled for one split, and alternatives told of it.
MOST_TRIED = 24
MOST_TOLD = 12
# Meshes compiled for one finding, those nearest to what is written.
MOST_MESHES = 12


@attrs.frozen(kw_only=True)
class Remedy:
    """A way out of what a finding tells: the ``text`` of the whole file with an edit, and what comes of it."""

    edit: Edit
    text: str
    after: Measure
    gpus: int
    pieces: tuple[tuple[Span, str], ...]

    @property
    def what(self) -> str:
        """The edit in words."""
        return self.edit.what

    @property
    def told(self) -> str:
        """The remedy as a sentence."""
        return f"{self.what}: {seconds_text(self.after.picoseconds)} a step{self._fits}"

    @property
    def fix(self) -> Fix:
        """The edit by lines and columns, with its price."""
        return Fix(self.told, self.pieces)

    @property
    def priced(self) -> str:
        """The remedy as one of a list."""
        return f"{self.what} ({seconds_text(self.after.picoseconds)}{self._fits})"

    @property
    def _fits(self) -> str:
        return "" if self.after.fits else ", which does not fit"


def with_remedies(error: HelixError, sources: Sources, choice: Choice) -> HelixError:
    """The same error with priced alternatives, cheapest first, to splits and meshes that do not divide."""
    told = [_with_notes(found, sources, choice) for found in error.diagnostics]
    return HelixError(told, error.sources)


def _with_notes(found: Diagnostic, sources: Sources, choice: Choice) -> Diagnostic:
    remedies = find_remedies(found, sources, choice)[:MOST_TOLD]
    heads = ("cheapest first: ", *([""] * len(remedies)))
    notes = [Note(f"{head}{one.told}") for head, one in zip(heads, remedies, strict=False)]
    legal = tuple(one for one in found.legal if one != PRICED_ELSEWHERE or not notes)
    meshes = find_meshes(found, sources, choice)
    if meshes:
        listed = "; ".join(one.priced for one in meshes)
        notes.append(Note(f"legal meshes for {meshes[0].gpus} GPUs, cheapest first: {listed}"))
    if meshes and found.code == MESH_TOO_LARGE:
        legal = tuple(one.edit.replacements[0].new for one in meshes)
    fixes = tuple(one.fix for one in (*remedies, *meshes))
    notes = [*found.notes, *notes]
    return attrs.evolve(found, notes=tuple(notes), legal=legal, fixes=(*found.fixes, *fixes))


def find_remedies(
    found: Diagnostic, sources: Sources, choice: Choice, most: int = MOST_TRIED
) -> tuple[Remedy, ...]:
    """What could stand instead of the line that a finding speaks of, at most ``most`` tried.

    What fits comes first, then what takes less time.  () where the finding is another one.
    """
    written = _written(found, sources) if found.code == UNEVEN else None
    program = None if written is None else _elaborated(sources, choice)
    if written is None or program is None:
        return ()
    with doing("alternatives"):
        edits = islice(_edits(written, program), most)
        tried = [_tried(edit, written, sources, choice) for edit in edits]
    # Of lines that lead to programs alike the first is told.
    unlike = {one.after: one for one in reversed(tried) if one is not None}
    return _ranked(sorted(unlike.values(), key=tried.index))


def find_meshes(
    found: Diagnostic, sources: Sources, choice: Choice, most: int = MOST_MESHES
) -> tuple[Remedy, ...]:
    """Meshes of the same axes over all GPUs, instead of that of the plan a finding speaks of.

    The ``most`` that are nearest to what is written are tried; those that compile are told, what fits
    first, then what takes less time.  () where the finding is another one.
    """
    if found.code not in (UNEVEN, MESH_TOO_LARGE):
        return ()
    written = _written(found, sources)
    mesh = None if written is None else next(iter(written.text.plan.lines), None)
    if written is None or not isinstance(mesh, MeshLine):
        return ()
    names = [binding.name.text for binding in mesh.axes]
    single = _mesh_edit(written, mesh, names, [1] * len(names))
    # With one GPU along each axis the mesh is in nobody's way, and the cluster is known.
    program = _elaborated(_edited(single, written, sources), choice)
    if program is None:
        return ()
    numbers = level_numbers(program.cluster)
    found_sizes = [evaluate(binding.value, numbers, Findings()) for binding in mesh.axes]
    sizes = [(quantity and quantity.whole) or 1 for quantity in found_sizes]
    ways = nearest_factorings(program.cluster.gpus, sizes)
    edits = [_mesh_edit(written, mesh, names, way) for way in ways if list(way) != sizes]
    with doing("meshes"):
        tried = [_tried(edit, written, sources, choice) for edit in edits[:most]]
    return _ranked([one for one in tried if one is not None])


def _ranked(remedies: Iterable[Remedy]) -> tuple[Remedy, ...]:
    return tuple(sorted(remedies, key=lambda one: (not one.after.fits, one.after.picoseconds)))


def _mesh_edit(
    written: _Written, mesh: MeshLine, names: Sequence[str], sizes: Sequence[int]
) -> Edit:
    what = " ".join(f"{name}={size}" for name, size in zip(names, sizes, strict=True))
    new = mesh_text(names, sizes)
    return Edit(what=what, replacements=(written.text.replaced(mesh.span, new),))


def _elaborated(sources: Sources, choice: Choice) -> Logical | None:
    """The program before anything is split; None where that is refused."""
    try:
        program = lower(sources, to_logical(choice)[:1])[-1][1]
    except HelixError:
        return None
    return program if isinstance(program, Logical) else None


@attrs.frozen
class _Written:
    """A line of a plan where it stands: its file by path, the text and the blocks around it."""

    path: str
    text: PlanText
    line: PlanLine
    around: tuple[InBlock, ...]


def _written(found: Diagnostic, sources: Sources) -> _Written | None:
    texts = dict(sources.texts)
    for path, file in sources.files:
        for plan in file.declarations:
            if isinstance(plan, PlanDecl):
                for line, around in _lines(plan.lines, ()):
                    if line.span == found.span:
                        return _Written(path, PlanText(texts[path], plan), line, around)
    return None


def _lines(
    lines: Sequence[PlanLine], around: tuple[InBlock, ...]
) -> Iterator[tuple[PlanLine, tuple[InBlock, ...]]]:
    for line in lines:
        if isinstance(line, InBlock):
            yield from _lines(line.lines, (*around, line))
        else:
            yield line, around


def _edits(written: _Written, program: Logical) -> Iterator[Edit]:
    """Fill up; let another dimension take what is left; split another, or two that are tied, instead."""
    text, line = written.text, written.line
    if not isinstance(line, ShardLine):
        return
    dims = [name.text for name in line.dims]
    block = written.around[-1] if written.around else text.plan
    for dim in dims:
        new = f"pad {dim}"
        yield Edit(what=f"`{new}` beside it", replacements=(text.among_own(block, new),))
    over = f"over {', '.join(name.text for name in line.axes)}"
    others, pairs = _others(line.span, dims, program)
    lists = [[*dims, other] for other in others] + [[other] for other in others]
    for names in (*lists, *map(list, pairs)):
        new = f"shard {', '.join(names)} {over}"
        yield Edit(what=f"`{new}` instead", replacements=(text.replaced(line.span, new),))


def _others(
    span: Span, dims: Sequence[str], program: Logical
) -> tuple[list[str], list[tuple[str, str]]]:
    """The names of other dimensions of what a line speaks of, and pairs of them that renames tie."""
    blocks = program.plan.blocks
    own = {
        index
        for index, block in enumerate(blocks)
        if any(isinstance(line, Shard) and line.span == span for line in block.lines)
    }
    within = dims_within(program, own)
    named = {name: leaves for name, leaves in within.items() if name not in dims}
    tied = {name: tied_leaves(program, found[0]) for name, found in named.items() if found}
    pairs = [
        (one, other)
        for one in tied
        for other in tied
        if one != other and named[other][0] in tied[one] and named[one] != named[other]
    ]
    return list(named), pairs


def _tried(edit: Edit, written: _Written, sources: Sources, choice: Choice) -> Remedy | None:
    """What comes of an edit; None where the plan is refused with it too."""
    try:
        edited = _edited(edit, written, sources)
        compiled = compile_sources(edited, choice)
    except HelixError:
        return None
    after = measure(compiled.spmd, ())
    text = dict(edited.texts)[written.path]
    source = SourceText(dict(sources.files)[written.path].name, written.text.text)
    pieces = tuple((source.span(r.start, r.end), r.new) for r in edit.replacements)
    return Remedy(
        edit=edit,
        text=text,
        after=after,
        gpus=compiled.spmd.mesh.devices,
        pieces=pieces,
    )


def _edited(edit: Edit, written: _Written, sources: Sources) -> Sources:
    """The sources with an edit; raises ``HelixError`` if what comes of it cannot be read."""
    new = edit.apply(written.text.text)
    edited, findings = parse_text(new, dict(sources.files)[written.path].name)
    if any(finding.severity == "error" for finding in findings):
        raise HelixError(findings)
    files = tuple((p, edited if p == written.path else f) for p, f in sources.files)
    texts = tuple((p, new if p == written.path else t) for p, t in sources.texts)
    return Sources(files, texts)
