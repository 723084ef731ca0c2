"""What is known of values where a dimension is padded: beyond the end that it has in the model.

Sources are filled with zeros there.  What operators make of them is read off a table, for each padded
dimension of a value; what is not known to be a finite number may be anything, and zero times that too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from helixc.ir.ops import Norm, Number, Op, Operand, Renamed
from helixc.ir.tensor import TensorType

# In the order of how much is known.
ZERO, FINITE, UNKNOWN = range(3)
# For each value what is known beyond the end of each padded dimension that it has.
States = dict[str, dict[str, int]]

# What an operator makes of the padding of a dimension that passes through it.
#   kept: zero where all operands are, finite where all are;  finite: finite where all are
#   product: zero where one is and the others are finite
#   first: zero where the first is and the others, who have it too, are finite
#   over: zero where the first is, if no other has the dimension: there it would divide by zero
Rule = Literal["kept", "product", "first", "over", "finite"]
_RULES: Mapping[Rule, tuple[str, ...]] = {
    "kept": (
        "input", "weight", "frozen", "keep", "add", "sub", "minimum", "maximum", "sum", "mean", "max", "min",
        "layer_norm", "rms_norm", "rename", "concat", "cast", "neg", "tanh", "gelu", "gelu_tanh",
        "silu", "relu", "sin", "abs", "floor", "ceil",
    ),
    "product": ("mul", "outer", "matmul"),
    "first": ("rotate",),
    "over": ("div",),
    "finite": (
        "where", "index", "fill", "any", "all", "softmax", "log_softmax", "not", "take", "sigmoid", "softplus",
        "cos", "eq", "ne", "lt", "le", "gt", "ge", "and", "or",
    ),
}  # fmt: skip
# What an operator along a padded dimension leaves there, where it has been shown nothing but a mask.
ALONG: Mapping[str, int] = {"softmax": ZERO, "log_softmax": FINITE}
RULES: Mapping[str, Rule] = {kind: rule for rule, kinds in _RULES.items() for kind in kinds}


class Padding:
    """What is known of the values of a program in which some leaves are padded, as far as it has been read."""

    def __init__(self, padded: Collection[str]) -> None:
        self.padded = padded
        self.states: States = {}

    def known(self, operand: Operand, leaf: str) -> int:
        """What is known of an operand there; one without the dimension is what it is in the model."""
        if isinstance(operand, Number):
            return ZERO if operand.value == 0 else FINITE
        states = self.states[operand]
        if leaf in states:
            return states[leaf]
        return UNKNOWN if UNKNOWN in states.values() else FINITE

    def has(self, operand: Operand, leaf: str) -> bool:
        """Whether an operand has a padded dimension."""
        return isinstance(operand, str) and leaf in self.states[operand]

    def note(self, op: Op) -> None:
        """Take note of an operator that contracts nothing padded, or only zeros there."""
        self.states[op.result] = {
            dim: self._made(op, dim) for dim in op.type.dims if dim in self.padded
        }

    def set(self, value: str, type_: TensorType, states: Mapping[str, int]) -> None:
        """Take note of a value of which something is known."""
        self.states[value] = {d: states[d] for d in type_.dims if d in self.padded}

    def _made(self, op: Op, leaf: str) -> int:
        if leaf in op.over:
            return ALONG.get(op.kind, UNKNOWN)
        before = _before(op, leaf)
        found = [self.known(o, before if self.has(o, before) else leaf) for o in op.operands]
        rule = RULES.get(op.kind)
        worst = max(found, default=ZERO)
        if worst == UNKNOWN or rule is None or (isinstance(op.params, Norm) and not op.params.eps):
            return UNKNOWN
        match rule:
            case "kept":
                return worst
            case "finite":
                return FINITE
            case "product":
                return min(found)
            case "first":
                return found[0]
            case "over":
                return UNKNOWN if self.has(op.operands[1], leaf) else found[0]


def _before(op: Op, leaf: str) -> str:
    """What a dimension of the result is called in the operand."""
    pairs = op.params.pairs if isinstance(op.params, Renamed) else ()
    return next((left for left, right in pairs if right == leaf), leaf)
