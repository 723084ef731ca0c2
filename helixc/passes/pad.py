"""logical -> logical: carry out the ``pad`` lines of a plan.

A dimension that does not divide over what the plan splits it over is filled up to the next multiple.
Sources are zero there.  What passes through is not looked at; where a dimension is contracted, or a softmax
or norm runs along it, what is not known to be zero is put out of the way first, and a mean divides by as many
elements as the model has.  So everything within the size of the model is as it was, and the rest means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import lcm

import attrs

from helixc.choice.multiples import multiples
from helixc.choice.planning import operand_types
from helixc.diagnostics import Findings, Note
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.logical import Logical, Repeat, Statement
from helixc.ir.masks import Masks
from helixc.ir.plan import Local, Pad, Shard
from helixc.ir.refine import tied_leaves
from helixc.ir.tensor import Dim
from helixc.ir.zeros import Padding, States
from helixc.passes.contract import Pass


def pad(program: Logical) -> Logical:
    """The program with the dimensions of ``pad`` lines filled up.  Raises ``HelixError`` where one cannot be."""
    lines = [line for line in program.plan.lines if isinstance(line, Pad)]
    asked = {leaf: line for line in reversed(lines) for ref in line.dims for leaf in ref.leaves}
    if not asked or any(dim.real is not None for dim in program.dims):
        return program
    findings = Findings()
    sizes = _padded_sizes(program, asked)
    for line in lines:
        _report(program, line, sizes, findings)
    _refuse_blocks(program, sizes, findings)
    findings.stop_on_errors()
    padded = _fill(program, sizes, asked, findings)
    findings.stop_on_errors()
    return attrs.evolve(padded, notes=(*program.notes, *findings.all))


def _padded_sizes(program: Logical, asked: Mapping[str, Pad]) -> dict[str, int]:
    """The new sizes of the leaves that are filled up, those that renames tie to them too."""
    groups = dict.fromkeys(tuple(sorted(tied_leaves(program, leaf))) for leaf in asked)
    wanted = multiples(program, [leaf for group in groups for leaf in group])
    sizes: dict[str, int] = {}
    for group in groups:
        multiple = lcm(*(wanted[leaf] for leaf in group))
        size = program.sizes[group[0]]
        if size % multiple:
            sizes.update(dict.fromkeys(group, size + multiple - size % multiple))
    return sizes


def _report(program: Logical, line: Pad, sizes: Mapping[str, int], findings: Findings) -> None:
    for ref in line.dims:
        filled = [leaf for leaf in ref.leaves if leaf in sizes]
        if not filled:
            message = f"`pad {ref.name}` fills nothing up: it divides over all that splits it"
            findings.warn("HX0538", message, line.span)
        for leaf in filled:
            have, want = program.sizes[leaf], sizes[leaf]
            name = ref.name if len(ref.leaves) == 1 else f"{ref.name}`'s `{leaf}"
            more = 100 * (want - have) / have
            message = f"`{name}` {have} padded to {want}: {more:.3g} % more work where it is"
            findings.warn("HX0537", message, line.span)


def _refuse_blocks(program: Logical, sizes: Mapping[str, int], findings: Findings) -> None:
    """What other lines make blocks of cannot be filled up: padding would lie in some of them."""
    for line in program.plan.lines:
        if isinstance(line, Shard) and line.via == "ring":
            refs = [ref.name for ref in line.dims if sizes.keys() & set(ref.leaves)]
            if refs:
                message = f"`{refs[0]}` goes round a ring in equal blocks and cannot be padded"
                findings.error("HX0539", message, line.span)
        if not isinstance(line, Local):
            continue
        makers = [op for op in program.makers.values() if set(op.names) & set(line.places)]
        if any(sizes.keys() & set(op.over) for op in makers):
            message = f"`local {line.name}` takes segments for final, and padding is in one of them"
            findings.error("HX0539", message, line.span)


def _fill(
    program: Logical, sizes: Mapping[str, int], asked: Mapping[str, Pad], findings: Findings
) -> Logical:
    filler = _Filler(program, sizes)
    body = filler.body(program.body)
    line = next(iter(asked.values()))
    for obstacle in filler.masks.obstacles:
        known = [asked[leaf] for leaf in (obstacle.leaf,) if leaf in asked]
        span = known[0].span if known else line.span
        message = f"`{obstacle.leaf}` cannot be padded: {obstacle.text}"
        findings.error("HX0539", message, span, notes=[Note("it is here", obstacle.span)])
    dims = tuple(_filled(dim, sizes) for dim in program.dims)
    return attrs.evolve(program, dims=dims, body=body)


def _filled(dim: Dim, sizes: Mapping[str, int]) -> Dim:
    if dim.name not in sizes:
        return dim
    return attrs.evolve(dim, size=sizes[dim.name], real=dim.size)


class _Filler:
    """Goes through a program with what is known of its padding, and puts masks where they are needed."""

    def __init__(self, program: Logical, sizes: Mapping[str, int]) -> None:
        self.program = program
        self.padding = Padding(sizes)
        self.masks = Masks(program, self.padding)

    def body(self, statements: Sequence[Statement]) -> tuple[Statement, ...]:
        """The statements of one body with masks between them."""
        return tuple(self._written(statements))

    def _written(self, statements: Sequence[Statement]) -> Iterator[Statement]:
        for statement in statements:
            if isinstance(statement, Repeat):
                yield self._repeat(statement)
            else:
                yield from self.masks.masked(statement, operand_types(statement, self.masks.types))

    def _repeat(self, repeat: Repeat) -> Repeat:
        """A turn knows of what is carried what holds before the first and after every turn."""
        states: States = {c.entry: self.padding.states[c.init] for c in repeat.carried}
        while True:
            mark = self.masks.mark()
            for c in repeat.carried:
                self.padding.set(c.entry, c.type, states[c.entry])
                self.masks.types[c.entry] = self.masks.types[c.result] = c.type
            body = self.body(repeat.body)
            weaker: States = {
                c.entry: {
                    leaf: max(known, self.padding.states[c.yields][leaf])
                    for leaf, known in states[c.entry].items()
                }
                for c in repeat.carried
            }
            if weaker == states:
                break
            states = weaker
            self.masks.reset(mark)
        for c in repeat.carried:
            self.padding.set(c.result, c.type, states[c.entry])
        return attrs.evolve(repeat, body=body)


PAD = Pass(
    name="pad",
    run=pad,
    source=Logical,
    target=Logical,
    needs=frozenset(LOGICAL_FACTS),
)
