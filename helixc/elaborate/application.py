"""An operator applied to arguments, and what can be wrong with these."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.diagnostics import Findings
from helixc.elaborate.builder import Builder
from helixc.elaborate.dimensions import Dims, leaves, show
from helixc.elaborate.drafts import Operand, Value
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import plural, quoted
from helixc.ir import source

Results = tuple[Operand | None, ...]


@attrs.frozen
class Application:
    """``call`` with its arguments evaluated: values and numbers, ``over``, keywords with numbers.

    ``named``: operands that stand behind a keyword.
    """

    builder: Builder
    call: source.Call
    operands: tuple[Operand, ...]
    over: Dims = ()
    keywords: dict[str, Quantity] = attrs.field(factory=dict[str, Quantity])
    named: dict[str, Operand] = attrs.field(factory=dict[str, Operand])

    @property
    def name(self) -> str:
        """The operator as written."""
        return self.call.function.text

    @property
    def findings(self) -> Findings:
        """Where mistakes go."""
        return self.builder.findings

    def takes(self, count: int) -> bool:
        """Whether there are so many operands; if not, a finding."""
        if len(self.operands) == count:
            return True
        message = f"`{self.name}` takes {plural(count, 'value')}, not {len(self.operands)}"
        self.findings.error("HX0211", message, self.call.span)
        return False

    def values(self) -> tuple[Value, ...] | None:
        """The operands if all of them are values; None, and a finding, if one is a number."""
        found = tuple(operand for operand in self.operands if isinstance(operand, Value))
        if len(found) == len(self.operands):
            return found
        for operand, argument in zip(self.operands, positional(self.call), strict=True):
            if isinstance(operand, Quantity):
                message = f"`{self.name}` works on values, and this is the number {operand}"
                self.findings.error("HX0315", message, argument.span)
        return None

    def has_over(self, values: Sequence[Value]) -> bool:
        """Whether every value has the dimensions of ``over``; those that lack one are findings."""
        fine = True
        for name, dim in zip(self.call.over, self.over, strict=True):
            lacking = [v for v in values if not set(leaves((dim,))) <= set(leaves(v.dims))]
            if lacking:
                self._report_lacking(name, values, lacking)
                fine = False
        return fine

    def _report_lacking(
        self, name: source.Name, values: Sequence[Value], lacking: list[Value]
    ) -> None:
        written = zip(self.operands, positional(self.call), strict=True)
        labels = [label(argument) for operand, argument in written if operand in values]
        types = [f"{text} is {show(v.dims)}" for text, v in zip(labels, values, strict=True)]
        absent = " and ".join(text for text, v in zip(labels, values, strict=True) if v in lacking)
        verb = "has" if len(lacking) == 1 else "have"
        message = f"{absent} {verb} no `{name.text}`: {', '.join(types)}"
        legal = shared(values)
        if len(values) > 1:
            message += f"; shared: {quoted(legal)}" if legal else "; they share no dimension"
        self.findings.error("HX0301", message, name.span, legal=legal)


def positional(call: source.Call) -> tuple[source.Expr, ...]:
    """The arguments that are values: neither ``name = value`` nor ``left -> right``."""
    return tuple(a for a in call.arguments if not isinstance(a, source.Keyword | source.Arrow))


def label(argument: source.Expr) -> str:
    """What a message calls an argument: its name if it has one."""
    match argument:
        case source.Name(text):
            return f"`{text}`"
        case source.Call(function):
            return f"`{function.text}(...)`"
        case _:
            return "the operand"


def shared(values: Sequence[Value]) -> tuple[str, ...]:
    """The names of the dimensions that all values have."""
    first = leaves(values[0].dims)
    others = [set(leaves(value.dims)) for value in values[1:]]
    return tuple(dim.name for dim in first if all(dim in other for other in others))
