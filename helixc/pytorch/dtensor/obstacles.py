"""What DTensor cannot express of a partitioned program, each with the line of the plan or of the model.

The reasons come from the algebra: a layout without placements, a step that changes no placements, an
operator that DTensor does not run where it is split, and lines by which the program is no longer the model
at its own sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helixc.diagnostics import Diagnostic, Findings, Note, Span
from helixc.ir.layout import Layout, Permute, Seed
from helixc.ir.plan import Microbatches, Pad, Plan, Shard
from helixc.ir.spmd import Loop, Move, Spmd, walk
from helixc.ir.tensor import real_sizes
from helixc.pytorch.dtensor.lines import Refused
from helixc.pytorch.dtensor.placements import without_placements

_PLAN, _OPERATOR = "HX1110", "HX1111"


def find_obstacles(program: Spmd, refused: Iterable[Refused]) -> tuple[Diagnostic, ...]:
    """All of them, in the order of the source; ``program`` has its steps joined."""
    findings = Findings()
    findings.extend(_of_lines(program))
    rings = any(isinstance(s, Loop) and s.around for s in walk(program.body))
    for statement in walk(program.body):
        if isinstance(statement, Move):
            findings.extend(_of_move(program, statement, rings=rings))
    for layout in program.layouts.values():
        # What goes round a ring is turned, and that is said of the ring.
        findings.extend(_of_layout(program, layout.straight if rings else layout))
    findings.extend(_of_operator(program, one) for one in refused)
    return findings.all


def _finding(what: str, why: str, span: Span) -> Diagnostic:
    message = f"DTensor cannot express {what}: {why}"
    return Diagnostic(_PLAN, message, span, legal=("--style functions",))


def _of_lines(program: Spmd) -> Iterator[Diagnostic]:
    if not program.mesh.atoms:
        yield _finding("this plan", "it has one GPU, and a mesh has axes", program.plan.span)
    for line in (line for block in program.plan.blocks for line in block.lines):
        if isinstance(line, Microbatches) and program.slices is not None:
            why = "a module is one forward, and a step of slices is a loop around it"
            yield _finding(f"`microbatches {line.count}`", why, line.span)
        elif isinstance(line, Pad) and real_sizes(program.dims):
            why = "the module would be the model at longer sizes; DTensor itself splits unevenly"
            yield _finding("`pad`", why, line.span)


def _of_move(program: Spmd, move: Move, *, rings: bool) -> Iterator[Diagnostic]:
    span = move.why.line if move.why.line.line else program.plan.span
    if isinstance(move.step, Permute):
        what = "a ring" if rings else "this order of blocks"
        why = "blocks change places, and no placement says which process has which block"
        yield _finding(what, why, span)
    elif isinstance(move.step, Seed):
        why = "it makes a term of a sum out of a whole value, which `redistribute` refuses"
        yield _finding("`partial`", why, span)


def _of_layout(program: Spmd, layout: Layout) -> Iterator[Diagnostic]:
    for dim, why in without_placements(layout, program.mesh):
        axes = {atom.axis for atom in program.mesh.atoms if atom.name in layout.atoms_of(dim)}
        yield _finding(f"how `{dim}` is split", why, _line_of(program.plan, (dim,), axes))


def _of_operator(program: Spmd, refused: Refused) -> Diagnostic:
    op, split = refused.op, [dim for dim, _ in refused.split.split]
    message = f"DTensor cannot run this `{op.kind}` as it is split: {refused.reason}"
    dims = [dim for dim in split if dim in op.over] or split
    note = Note("the plan splits it here", _line_of(program.plan, dims, ()))
    return Diagnostic(_OPERATOR, message, op.span, notes=(note,), legal=("--style functions",))


def _line_of(plan: Plan, dims: Iterable[str], axes: Iterable[str]) -> Span:
    """The last line that splits one of these dimensions (over these axes, if one does), else the plan."""
    wanted, over = set(dims), set(axes)
    lines = [line for block in plan.blocks for line in block.lines if isinstance(line, Shard)]
    meant = [one for one in lines if any(wanted & set(dim.leaves) for dim in one.dims)]
    exact = [one for one in meant if over <= set(one.axes)]
    return next((one.span for one in reversed(exact or meant)), plan.span)
