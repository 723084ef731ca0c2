"""Verdicts on the lines of a plan: what cannot be followed is an error, what has no effect a warning."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from helixc.choice.places import dims_within
from helixc.choice.waterfall import Outcome
from helixc.diagnostics import Findings, Note
from helixc.ir.logical import Logical
from helixc.ir.mesh import Mesh
from helixc.ir.plan import Shard, Store
from helixc.spelling import either

# Said where prices are not; who prices alternatives takes it away.
PRICED_ELSEWHERE = "`helixc compile` prices these and others"


def judge_lines(
    program: Logical,
    mesh: Mesh,
    outcomes: Mapping[tuple[int, int], Outcome],
    findings: Findings,
) -> None:
    """Record what is wrong with a plan; outcomes are by block and line."""
    used: set[str] = set()
    for index, block in enumerate(program.plan.blocks):
        for number, line in enumerate(block.lines):
            used.update(getattr(line, "axes", ()))
            if isinstance(line, Shard):
                outcome = outcomes.get((index, number), Outcome())
                _judge_line(line, outcome, index, program, mesh, findings)
            elif isinstance(line, Store):
                outcome = outcomes.get((index, number), Outcome())
                _judge_store(line, outcome, block.path, mesh, findings)
    for axis in program.plan.axes:
        if axis.name not in used and axis.size > 1:
            findings.warn(
                "HX0523",
                f"no line of plan `{program.plan.name}` uses the mesh axis "
                f"`{axis.name}` ({axis.size}): its GPUs repeat each other's work",
                program.plan.span,
            )


def judge_forcing(
    program: Logical,
    forcing: Collection[tuple[int, int]],
    findings: Findings,
    *,
    possible: bool,
) -> None:
    """Record ``via`` lines that force nothing, and those that together leave no way at all."""
    for index, block in enumerate(program.plan.blocks):
        for number, line in enumerate(block.lines):
            if not isinstance(line, Shard) or not line.via:
                continue
            if (index, number) not in forcing:
                findings.warn(
                    "HX0603",
                    f"`via {line.via}` forces nothing: no operator here contracts the dimension "
                    "or finds another one, named in the same block, to take the axis",
                    line.span,
                )
            elif not possible:
                findings.error(
                    "HX0604",
                    f"`via {line.via}` leaves no way to compute what it speaks of",
                    line.span,
                    legal=["all_reduce", "all_gather", "all_to_all", "the same without `strict`"],
                )


def _judge_line(
    line: Shard,
    outcome: Outcome,
    block: int,
    program: Logical,
    mesh: Mesh,
    findings: Findings,
) -> None:
    path = program.plan.blocks[block].path
    where = f"in `{path}`" if path else "here"
    names = ", ".join(f"`{ref.name}`" for ref in line.dims)
    if not outcome.met and outcome.contracted:
        return
    if not outcome.met:
        has = ", ".join(f"`{name}`" for name in dims_within(program, [block]))
        message = f"nothing {where} has {names}: no effect; there is {has or 'no dimension'}"
        findings.warn("HX0521", message, line.span)
        return
    for axis in line.axes:
        missed = [a for a in mesh.axis_atoms(axis) if a not in outcome.taken]
        if missed:
            _uneven(line, axis, mesh.ways(tuple(missed)), program, findings)
            return
    if not outcome.held and any(mesh.axis_atoms(axis) for axis in line.axes):
        notes = []
        if outcome.beaten_by is not None:
            notes = [Note("this line takes the axis instead", outcome.beaten_by.span)]
        findings.warn(
            "HX0522", f"this line splits nothing {where}: others win", line.span, notes=notes
        )


def _judge_store(line: Store, outcome: Outcome, path: str, mesh: Mesh, findings: Findings) -> None:
    where = f"in `{path}`" if path else "here"
    if not outcome.met:
        findings.warn("HX0521", f"nothing {where} is a weight: no effect", line.span)
    elif not outcome.held and any(mesh.axis_atoms(axis) for axis in line.axes):
        message = f"this line cuts no weight {where} further: the plan splits all of them so anyway"
        findings.warn("HX0522", message, line.span)


def _uneven(line: Shard, axis: str, left: int, program: Logical, findings: Findings) -> None:
    size = next(a.size for a in program.plan.axes if a.name == axis)
    leaves = [leaf for ref in line.dims for leaf in ref.leaves]
    sizes = program.sizes
    listed = ", ".join(f"`{ref.name}` ({_product(ref.leaves, sizes)})" for ref in line.dims)
    total = _product(leaves, sizes)
    legal = [str(d) for d in range(1, min(total, 4096) + 1) if total % d == 0][:16]
    findings.error(
        "HX0524",
        f"{listed} does not divide over `{axis}` ({size}): {_parts(size // left, left)}",
        line.span,
        notes=_size_of_a_slice(leaves, program),
        legal=[
            f"an axis of {either(legal)} GPUs",
            "another dimension after it in the same line takes what is left",
            *(f"`pad {ref.name}` fills it up" for ref in line.dims[-1:]),
            PRICED_ELSEWHERE,
        ],
    )


def _size_of_a_slice(leaves: Sequence[str], program: Logical) -> tuple[Note, ...]:
    made = program.slices
    if made is None or not set(leaves) & set(made.leaves):
        return ()
    text = f"the step runs in {made.count} slices of `{made.dim}`: this is the size of one"
    return (Note(text, made.span),)


def _parts(parts: int, copies: int) -> str:
    if parts == 1:
        return f"all {copies} GPUs would have the whole"
    return f"there would be {parts} parts, each on {copies} GPUs"


def _product(leaves: Sequence[str], sizes: Mapping[str, int]) -> int:
    total = 1
    for leaf in leaves:
        total *= sizes[leaf]
    return total
