"""logical -> logical: carry out the ``fuse`` lines of a plan: several operators become one kernel.

It comes before anything is partitioned, because what a kernel keeps inside exists nowhere: no layout is
chosen for it, no way leaves it partial, and it takes neither memory nor bandwidth.  It comes after
``approximate``, which rewrites operators that a kernel may hold, and before ``expand``, which takes apart
only those that no kernel holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from helixc.diagnostics import Findings, Note
from helixc.ir.attention import has_reduction_between, matrix_products
from helixc.ir.fused import Kernel, kernel_of
from helixc.ir.groups import Group, Groups, name_of
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.invariants_plan import KERNELS_MADE, LOCALS_MADE
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.ops import Fused
from helixc.ir.plan import Block, Fuse, Plan
from helixc.passes.contract import Pass

# A kernel holds so many matrix products at most.
MOST_PRODUCTS = 2


def fuse(program: Logical) -> Logical:
    """The program with every ``fuse`` line carried out.  Raises ``HelixError`` where one cannot be."""
    lines = [line for line in program.plan.lines if isinstance(line, Fuse)]
    if not lines:
        return program
    findings = Findings()
    kernels = _Kernels(program, findings)
    for line in lines:
        kernels.add(line)
    findings.stop_on_errors()
    held = {op.result: group for group in kernels.groups for op in group.ops}
    body = tuple(_written(program.body, held))
    plan = _without_inner_blocks(program.plan, kernels.groups, findings)
    return attrs.evolve(program, body=body, plan=plan, notes=(*program.notes, *findings.all))


class _Kernels:
    """Judges the groups of lines, one line after the other; ``groups`` are those that become kernels."""

    def __init__(self, program: Logical, findings: Findings) -> None:
        self._program = program
        self._lookup = Groups(program)
        self._findings = findings
        self._line_of: dict[str, Fuse] = {}
        self.groups: list[Group] = []

    def add(self, line: Fuse) -> None:
        """Make the kernels of a line, or say why it makes none."""
        groups = [group for group in self._lookup.of_line(line) if len(group.ops) > 1]
        new = [group for group in groups if not self._is_there(group)]
        if not new:
            what = "is in one kernel already" if groups else "is one operator or none"
            message = f"`fuse {line.path}` fuses nothing: what it names {what}"
            self._findings.warn("HX0531", message, line.span)
        for group in new:
            refusal = self._overlap(group) or self._refusal(group)
            if refusal is None:
                self.groups.append(group)
                self._line_of.update((op.result, line) for op in group.ops)
            else:
                self._refuse(line, refusal)

    def _is_there(self, group: Group) -> bool:
        """Whether a kernel that is made already holds all of a group."""
        wanted = {op.result for op in group.ops}
        return any(wanted <= {op.result for op in known.ops} for known in self.groups)

    def _overlap(self, group: Group) -> _Refusal | None:
        for op in group.ops:
            if op.result in self._line_of:
                note = Note("this line takes it into a kernel", self._line_of[op.result].span)
                return _Refusal(f"`{name_of(op)}` is in another kernel", (note,))
        return None

    def _refusal(self, group: Group) -> _Refusal | None:
        """Why a group is not one kernel, if it is not."""
        if group.bodies > 1:
            return _Refusal("a repeat stands inside, or some of it does not run in every turn")
        if len(group.results) > 1:
            inside = {op.result for op in group.ops}
            notes = [
                Note(f"`{name_of(op)}` is read by {reader.what}", reader.span)
                for op in group.results
                for reader in self._lookup.outside(op, inside)
            ]
            names = ", ".join(f"`{name_of(op)}`" for op in group.results)
            return _Refusal(f"one kernel has one result, but {names} leave it", tuple(notes))
        fused = _fused(group.ops)
        types = tuple(self._program.types[name] for name in fused.inputs)
        return _too_much(kernel_of(fused, types))

    def _refuse(self, line: Fuse, refusal: _Refusal) -> None:
        message = f"`fuse {line.path}` cannot be one kernel: {refusal.text}"
        self._findings.error("HX0530", message, line.span, notes=refusal.notes, legal=self._legal())

    def _legal(self) -> tuple[str, ...]:
        """Layers of which every call could be one kernel, as lines of a plan."""
        calls: dict[str, list[Group]] = {}
        for scope in self._program.scopes:
            if scope.kind == "layer":
                calls.setdefault(scope.name, []).append(self._lookup.of_layer(scope.id))
        return tuple(
            f"fuse {name}"
            for name, groups in calls.items()
            if all(len(g.ops) > 1 and self._refusal(g) is None for g in groups)
        )


@attrs.frozen
class _Refusal:
    """Why something is not one kernel."""

    text: str
    notes: tuple[Note, ...] = ()


def _too_much(kernel: Kernel) -> _Refusal | None:
    """What one kernel cannot do: more than two products, or two with nothing to keep them together."""
    for dim in kernel.inner_dims:
        return _Refusal(f"`{dim}` is made and used up inside, and nothing that is read has it")
    products = matrix_products(kernel)
    if len(products) > MOST_PRODUCTS:
        return _Refusal(
            f"it has {len(products)} matrix products; one kernel has two at most, and two only "
            "around a row-wise reduction"
        )
    if len(products) == MOST_PRODUCTS and not has_reduction_between(kernel, *products):
        first, second = (f"`{name_of(op)}`" for op in products)
        return _Refusal(
            f"between the matrix products {first} and {second} there is no softmax or other "
            "reduction along what the second sums over"
        )
    return None


def _fused(ops: tuple[Op, ...]) -> Fused:
    """The operators as a kernel; what they read from outside becomes its inputs, in order."""
    made = {op.result for op in ops}
    reads = dict.fromkeys(name for op in ops for name in op.reads if name not in made)
    return Fused(tuple(reads), ops)


def _written(body: tuple[Statement, ...], held: Mapping[str, Group]) -> Iterator[Statement]:
    """A body in which each kernel stands where its last operator stood."""
    for statement in body:
        if isinstance(statement, Repeat):
            inner = tuple(_written(statement.body, held))
            yield attrs.evolve(statement, body=inner)
            continue
        group = held.get(statement.result)
        if group is None:
            yield statement
        elif statement is group.ops[-1]:
            fused = _fused(group.ops)
            yield attrs.evolve(
                statement, kind="kernel", operands=fused.inputs, over=(), params=fused
            )


def _without_inner_blocks(plan: Plan, groups: Iterable[Group], findings: Findings) -> Plan:
    """The plan without the lines about values that are only inside kernels, each with a warning."""
    outside = {place for group in groups for place in group.ops[-1].names}
    inside = {place for group in groups for op in group.ops for place in op.names} - outside
    blocks: list[Block] = []
    for block in plan.blocks:
        gone = bool(block.lines) and all(place in inside for place in block.places)
        if gone:
            message = f"`{block.path}` is inside a kernel and has no layout: these lines do nothing"
            findings.warn("HX0532", message, block.span)
        blocks.append(attrs.evolve(block, lines=()) if gone else block)
    return attrs.evolve(plan, blocks=tuple(blocks))


FUSE = Pass(
    name="fuse",
    run=fuse,
    source=Logical,
    target=Logical,
    needs=frozenset((*LOGICAL_FACTS, LOCALS_MADE)),
    gives=frozenset((KERNELS_MADE,)),
)
