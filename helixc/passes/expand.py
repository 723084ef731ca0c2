"""logical -> logical: rewrite a softmax or a norm over a dimension that the plan splits.

Such an operator must see its dimension whole.  Where the plan leaves it split, it is taken apart into
reductions and elementwise operators, whose partial results the ordinary rules then combine.  The maximum is taken over everything before any ``exp``, never over one's own block.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.choice.planning import operand_types, plan_layouts
from helixc.diagnostics import Findings
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.invariants_plan import RINGS_MADE
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.ops import OPS
from helixc.ir.simpler import simpler
from helixc.ir.tensor import TensorType
from helixc.passes.contract import Pass


def expand(program: Logical) -> Logical:
    """The program in which no operator needs whole what the plan splits, where a rewrite exists."""
    layouts = plan_layouts(program, Findings()).layouts
    body = _expand_body(program.body, layouts, program.types, set(program.types))
    return program if body == program.body else attrs.evolve(program, body=body)


def _expand_body(
    body: tuple[Statement, ...],
    layouts: Mapping[str, Layout],
    types: Mapping[str, TensorType],
    taken: set[str],
) -> tuple[Statement, ...]:
    written: list[Statement] = []
    for statement in body:
        if isinstance(statement, Repeat):
            inner = _expand_body(statement.body, layouts, types, taken)
            written.append(attrs.evolve(statement, body=inner))
        elif OPS[statement.kind].expands and _is_split(statement, layouts[statement.result]):
            written += simpler(statement, operand_types(statement, types)[0], taken)
        else:
            written.append(statement)
    return tuple(written)


def is_needed(program: Logical, layouts: Mapping[str, Layout]) -> bool:
    """Whether a program that is planned like that has an operator to rewrite."""
    return any(
        OPS[op.kind].expands and _is_split(op, layouts[op.result]) for op in program.makers.values()
    )


def _is_split(op: Op, planned: Layout) -> bool:
    return any(planned.atoms_of(dim) for dim in op.over)


EXPAND = Pass(
    name="expand",
    run=expand,
    source=Logical,
    target=Logical,
    needs=frozenset((*LOGICAL_FACTS, RINGS_MADE)),
)
