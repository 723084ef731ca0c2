"""logical -> logical: rewrite a softmax or a norm over a dimension that the plan splits.

Such an operator must see its dimension whole.  Where the plan leaves it split, it is taken apart into
reductions and elementwise operators, whose partial results the ordinary rules then combine.  The maximum is taken over everything before any ``exp``, never over one's own block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from helixc.choice.planning import operand_types, plan_layouts
from helixc.diagnostics import Findings
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.invariants_plan import RINGS_MADE
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.ops import OPS, Norm, Number, Operand
from helixc.ir.rules import infer
from helixc.ir.tensor import NUMBER, TensorType
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
            steps = _Steps(statement, operand_types(statement, types)[0], taken)
            EXPANSIONS[statement.kind](steps)
            written += steps.ops
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


class _Steps:
    """Writes the operators that stand in for one; the last takes over its result's name.

    The others get names that are not ``taken``, which grows by them.
    """

    def __init__(self, op: Op, operand: TensorType, taken: set[str]) -> None:
        self.op = op
        self.taken = taken
        self.ops: list[Op] = []
        self.types = {op.reads[0]: operand}
        self.x = op.reads[0]

    def step(self, kind: str, *operands: Operand, over: bool = False, last: bool = False) -> str:
        """One operator on these operands, ``over`` the original's dimensions if asked."""
        result = self.op.result if last else self._fresh()
        dims = self.op.over if over else ()
        found = [self.types[o] if isinstance(o, str) else NUMBER for o in operands]
        self.types[result] = infer(kind, found, dims)
        self.ops.append(
            Op(
                result=result,
                kind=kind,
                operands=operands,
                over=dims,
                type=self.types[result],
                scope=self.op.scope,
                names=self.op.names,
                span=self.op.span,
            )
        )
        return result

    def _fresh(self) -> str:
        number = len(self.ops)
        while f"{self.op.result}.{number}" in self.taken:
            number += 1
        name = f"{self.op.result}.{number}"
        self.taken.add(name)
        return name


def _shifted(steps: _Steps) -> tuple[str, str]:
    """X less its maximum, and the exponential of that."""
    shifted = steps.step("sub", steps.x, steps.step("max", steps.x, over=True))
    return shifted, steps.step("exp", shifted)


def _softmax(steps: _Steps) -> None:
    _, powers = _shifted(steps)
    steps.step("div", powers, steps.step("sum", powers, over=True), last=True)


def _log_softmax(steps: _Steps) -> None:
    shifted, powers = _shifted(steps)
    total = steps.step("log", steps.step("sum", powers, over=True))
    steps.step("sub", shifted, total, last=True)


def _normalised(steps: _Steps, centred: str) -> None:
    """``centred`` over the root of its mean square."""
    params = steps.op.params
    eps = params.eps if isinstance(params, Norm) else 0.0
    square = steps.step("mean", steps.step("mul", centred, centred), over=True)
    scale = steps.step("rsqrt", steps.step("add", square, Number(eps)))
    steps.step("mul", centred, scale, last=True)


def _layer_norm(steps: _Steps) -> None:
    _normalised(steps, steps.step("sub", steps.x, steps.step("mean", steps.x, over=True)))


def _rms_norm(steps: _Steps) -> None:
    _normalised(steps, steps.x)


EXPANSIONS: Mapping[str, Callable[[_Steps], None]] = {
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
}

EXPAND = Pass(
    name="expand",
    run=expand,
    source=Logical,
    target=Logical,
    needs=frozenset((*LOGICAL_FACTS, RINGS_MADE)),
)
