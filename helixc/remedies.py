"""What a plan could say instead of a split that does not divide, each really compiled and priced.

Twelve heads on sixteen GPUs: another dimension may take what is left, or the whole axis; queries and keys
may be split along the sequence; or the heads are filled up to sixteen.  Which of these is cheapest is a matter
of the model, so each is written into the plan and the plan compiled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import attrs

from helixc.activity import doing
from helixc.analysis.advice import Measure, measure
from helixc.analysis.numbers_text import seconds_text
from helixc.analysis.plan_text import Edit, PlanText
from helixc.choice.places import dims_within
from helixc.choice.verdicts import PRICED_ELSEWHERE
from helixc.compiler import compile_sources, lower
from helixc.diagnostics import Diagnostic, HelixError, Note, Span
from helixc.elaborate.choice import Choice
from helixc.ir.logical import Logical
from helixc.ir.plan import Shard
from helixc.ir.refine import tied_leaves
from helixc.ir.source import InBlock, PlanDecl, PlanLine, ShardLine, Sources
from helixc.pipeline import to_logical
from helixc.text.parser import parse_text

UNEVEN = "HX0524"
# Plans compiled for one split, and alternatives told of it.
MOST_TRIED = 24
MOST_TOLD = 12


@attrs.frozen(kw_only=True)
class Remedy:
    """A way out of an uneven split: the ``text`` of the whole file with it, and the program that comes of it."""

    what: str
    text: str
    after: Measure

    @property
    def told(self) -> str:
        """The remedy as a sentence."""
        fits = "" if self.after.fits else ", which does not fit"
        return f"{self.what}: {seconds_text(self.after.picoseconds)} a step{fits}"


def with_remedies(error: HelixError, sources: Sources, choice: Choice) -> HelixError:
    """The same error with priced alternatives, cheapest first, at every split that does not divide."""
    told = [_with_notes(found, sources, choice) for found in error.diagnostics]
    return HelixError(told, error.sources)


def _with_notes(found: Diagnostic, sources: Sources, choice: Choice) -> Diagnostic:
    remedies = find_remedies(found, sources, choice)[:MOST_TOLD]
    heads = ("cheapest first: ", *([""] * len(remedies)))
    notes = [Note(f"{head}{one.told}") for head, one in zip(heads, remedies, strict=False)]
    legal = tuple(one for one in found.legal if one != PRICED_ELSEWHERE or not notes)
    return attrs.evolve(found, notes=(*found.notes, *notes), legal=legal)


def find_remedies(
    found: Diagnostic, sources: Sources, choice: Choice, most: int = MOST_TRIED
) -> tuple[Remedy, ...]:
    """What could stand instead of the line that a finding speaks of, at most ``most`` tried.

    What fits comes first, then what takes less time.  () where the finding is another one.
    """
    written = _written(found, sources) if found.code == UNEVEN else None
    program = lower(sources, to_logical(choice)[:1])[-1][1] if written is not None else None
    if written is None or not isinstance(program, Logical):
        return ()
    with doing("alternatives"):
        edits = islice(_edits(written, program), most)
        tried = [_tried(edit, written, sources, choice) for edit in edits]
    # Of lines that lead to programs alike the first is told.
    unlike = {one.after: one for one in reversed(tried) if one is not None}
    remedies = sorted(unlike.values(), key=tried.index)
    return tuple(sorted(remedies, key=lambda one: (not one.after.fits, one.after.picoseconds)))


@attrs.frozen
class _Written:
    """A ``shard`` line where it stands: its file by path, the text and the blocks around it."""

    path: str
    text: PlanText
    line: ShardLine
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
) -> Iterator[tuple[ShardLine, tuple[InBlock, ...]]]:
    for line in lines:
        if isinstance(line, InBlock):
            yield from _lines(line.lines, (*around, line))
        elif isinstance(line, ShardLine):
            yield line, around


def _edits(written: _Written, program: Logical) -> Iterator[Edit]:
    """Fill up; let another dimension take what is left; split another, or two that are tied, instead."""
    text, line = written.text, written.line
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
    new = edit.apply(written.text.text)
    name = dict(sources.files)[written.path].name
    edited, findings = parse_text(new, name)
    if any(finding.severity == "error" for finding in findings):
        return None
    files = tuple((p, edited if p == written.path else f) for p, f in sources.files)
    texts = tuple((p, new if p == written.path else t) for p, t in sources.texts)
    try:
        compiled = compile_sources(Sources(files, texts), choice)
    except HelixError:
        return None
    return Remedy(what=edit.what, text=new, after=measure(compiled.spmd, ()))
