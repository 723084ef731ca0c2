"""An operator over a dimension as the simpler ones that it is made of.

They compute the same where the dimension is whole, and work where it is split or padded, as each of them
contracts it or leaves it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from helixc.ir.ops import Norm, Number, Op, Operand
from helixc.ir.rules import infer
from helixc.ir.tensor import NUMBER, TensorType


def simpler(op: Op, operand: TensorType, taken: set[str]) -> list[Op]:
    """The operators that one is made of, of an operand of this type; the last has its result's name.

    The others get names that are not ``taken``, which grows by them.
    """
    steps = _Steps(op, operand, taken)
    EXPANSIONS[op.kind](steps)
    return steps.ops


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
