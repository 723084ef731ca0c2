"""logical -> logical: carry out the ``local`` lines of a plan, the one approximation there is.

``local V over a`` takes each slice's partial value as final.  That is a different model, and it is written
down as one: the dimension that V contracts and that the plan splits over ``a`` becomes segment x inner, V
sums over inner only, and the segment passes through like one more head.  Everything behind V follows
from the types.  For that model the program is exact; ``verify`` measures what it is for the original.
"""

from __future__ import annotations

from typing import Never

import attrs

from helixc.choice.planning import Planning, operand_types, plan_layouts
from helixc.diagnostics import Diagnostic, Findings, HelixError, Note
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.invariants_plan import LOCALS_MADE
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.ops import OPS, Params
from helixc.ir.plan import Approximation, Local
from helixc.ir.refine import (
    Parts,
    divide,
    divide_params,
    divide_plan,
    divide_scope,
    divide_type,
    tied_leaves,
)
from helixc.ir.rules import infer
from helixc.ir.tensor import Dim, TensorType
from helixc.passes.contract import Pass


def approximate(program: Logical) -> Logical:
    """The program with every ``local`` line carried out.  Raises ``HelixError`` where one cannot be."""
    done = {a.value for a in program.approximations}
    for line in program.plan.lines:
        if isinstance(line, Local):
            alone = not any(a.size > 1 for a in program.plan.axes if a.name in line.axes)
            note = _no_effect(line) if alone else _warning(line)
            program = program if alone else _carry_out(program, line, done)
            program = attrs.evolve(program, notes=(*program.notes, note))
    return program


def _no_effect(line: Local) -> Diagnostic:
    axes = " and ".join(f"`{axis}`" for axis in line.axes)
    message = f"`local {line.name}` approximates nothing: {axes} of size 1 splits no sum"
    return Diagnostic("HX0525", message, line.span, "warning")


def _warning(line: Local) -> Diagnostic:
    axes = " and ".join(f"`{axis}`" for axis in line.axes)
    message = (
        f"`local {line.name}` is an approximation: each slice over {axes} takes its part of the sum "
        "as final, so this is another model than the one written; `helixc verify` measures by how much"
    )
    return Diagnostic("HX0527", message, line.span, "warning")


def _carry_out(program: Logical, line: Local, done: set[str]) -> Logical:
    found = False
    findings = Findings()
    for value, written in program.makers.items():
        row = OPS[written.kind]
        if row.combines != "sum" or row.position or not set(written.names) & set(line.places):
            continue
        op = program.makers[value]  # after the rewrites so far
        planning = plan_layouts(program, findings)
        leaf = _split_leaf(op, line, planning)
        if op.result in done or leaf is None:
            found |= op.result in done
            continue
        program = _segment(program, op, leaf, line, planning)
        found = True
    if not found:
        findings.stop_on_errors()  # what cannot be split as planned explains why nothing is
        axes = ", ".join(f"`{axis}`" for axis in line.axes)
        message = f"`{line.name}` sums over nothing that this plan splits over {axes}"
        legal = ("name a value whose operator contracts a dimension split over that axis",)
        raise HelixError([Diagnostic("HX0525", message, line.span, legal=legal)])
    return program


def _split_leaf(op: Op, line: Local, planning: Planning) -> str | None:
    """The contracted leaf whose outermost atoms are those of the line's axes."""
    atoms = tuple(a for axis in line.axes for a in planning.mesh.axis_atoms(axis))
    for leaf in op.over:
        for value in op.reads:
            held = planning.used(value).atoms_of(leaf)
            if atoms and held[: len(atoms)] == atoms:
                return leaf
    return None


def _segment(program: Logical, target: Op, leaf: str, line: Local, planning: Planning) -> Logical:
    """Divide ``leaf`` into segment x inner and let the target sum over inner only.

    Where an earlier target has made the segments (another call of the same layer), they serve again.
    """
    known = next((a for a in program.approximations if a.segment == leaf), None)
    if known is not None:
        record = attrs.evolve(known, value=target.result, span=line.span)
        rewriter = _Rewriter({}, target.result, leaf, program, line)
        return attrs.evolve(
            program,
            body=rewriter.body(program.body),
            approximations=(*program.approximations, record),
        )
    count = 1
    for axis in line.axes:
        count *= planning.mesh.ways(planning.mesh.axis_atoms(axis))
    tied = tied_leaves(program, leaf)
    parts = {name: (f"{name}.segment", f"{name}.inner") for name in tied}
    dims: list[Dim] = []
    for dim in program.dims:
        if dim.name in parts:
            segment, inner = parts[dim.name]
            dims += [Dim(segment, count, dim.share), Dim(inner, dim.size // count)]
        else:
            dims.append(dim)
    segment, inner = parts[leaf]
    record = Approximation(target.result, leaf, segment, inner, line.span)
    rewriter = _Rewriter(parts, target.result, segment, program, line)
    return attrs.evolve(
        program,
        dims=tuple(dims),
        scopes=tuple(divide_scope(scope, parts) for scope in program.scopes),
        body=rewriter.body(program.body),
        plan=divide_plan(program.plan, parts),
        approximations=(*program.approximations, record),
    )


class _Rewriter:
    """Substitutes the factors and infers every type anew, in program order."""

    def __init__(
        self, parts: Parts, target: str, segment: str, program: Logical, line: Local
    ) -> None:
        self.parts = parts
        self.target = target
        self.segment = segment
        self.program = program
        self.line = line
        self.types: dict[str, TensorType] = {}

    def body(self, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        written: list[Statement] = []
        for statement in statements:
            if isinstance(statement, Op):
                written.append(self._op(statement))
            else:
                written.append(self._repeat(statement))
        self._check_outputs()
        return tuple(written)

    def _op(self, op: Op) -> Op:
        over = divide(op.over, self.parts)
        if op.result == self.target:
            over = tuple(dim for dim in over if dim != self.segment)
        params = divide_params(op.params, self.parts)
        for value in _into_states(op):
            self._expect(value, divide_type(self.program.types[value], self.parts))
        self._check_made(op)
        type_ = self._inferred(op, over, params)
        self.types[op.result] = type_
        return attrs.evolve(op, over=over, params=params, type=type_)

    def _inferred(self, op: Op, over: tuple[str, ...], params: Params) -> TensorType:
        """The result's type, where the operator takes operands that have segments."""
        try:
            return infer(op.kind, operand_types(op, self.types), over, params)
        except ValueError as error:
            self._refuse(f"`{op.result}` is not possible: {error}")

    def _repeat(self, repeat: Repeat) -> Repeat:
        carried = [attrs.evolve(c, type=divide_type(c.type, self.parts)) for c in repeat.carried]
        for value in carried:
            self._expect(value.init, value.type)
            self.types[value.entry] = self.types[value.result] = value.type
        body = self.body(repeat.body)
        for value in carried:
            self._expect(value.yields, value.type)
        return attrs.evolve(repeat, carried=tuple(carried), body=body)

    def _check_outputs(self) -> None:
        for output in self.program.outputs:
            if output.value in self.types:
                wanted = divide_type(self.program.types[output.value], self.parts)
                self._expect(output.value, wanted)

    def _check_made(self, op: Op) -> None:
        """A dimension that the operator makes, as a rename does, is none that came with the segments."""
        known = self.program.types
        read = {dim for value in op.reads for dim in divide_type(known[value], self.parts).dims}
        made = set(divide_type(op.type, self.parts).dims) - read
        if any(dim in made for value in op.reads for dim in self.types[value].dims):
            self._refuse(f"`{op.result}` would have the dimension of segments twice")

    def _expect(self, value: str, wanted: TensorType) -> None:
        if set(self.types[value].dims) != set(wanted.dims):
            self._refuse(f"`{value}` would have a dimension of segments")

    def _refuse(self, consequence: str) -> Never:
        message = (
            f"the segments of `{self.line.name}` are never joined: with this line {consequence}"
        )
        note = Note("a local value must meet, further on, a value that has the segments too")
        raise HelixError([Diagnostic("HX0526", message, self.line.span, notes=(note,))])


def _into_states(op: Op) -> tuple[str, ...]:
    """What an operator puts into a state, which has no room for segments."""
    row = OPS[op.kind]
    return op.reads if row.fills or row.rests else ()


APPROXIMATE = Pass(
    name="approximate",
    run=approximate,
    source=Logical,
    target=Logical,
    needs=frozenset(LOGICAL_FACTS),
    gives=frozenset((LOCALS_MADE,)),
)
