"""What stands on either side of ``->``: dimensions that exist, and at most one that is made there."""

from __future__ import annotations

import math
from collections.abc import Iterable

import attrs

from helixc.diagnostics import NOWHERE, Findings, Note, Span
from helixc.elaborate.application import Application, label, positional
from helixc.elaborate.dimensions import Dimension, Dims, is_ragged, leaves, show
from helixc.elaborate.drafts import Operand, Value
from helixc.elaborate.environment import Environment
from helixc.elaborate.wording import quoted
from helixc.ir import source


@attrs.frozen
class Reshaping:
    """An operator that changes dimensions: its arrows, and where names are looked up.

    ``keyed``: what stands as ``dimension = operand``.
    """

    use: Application
    arrows: tuple[source.Arrow, ...]
    environment: Environment
    keyed: tuple[tuple[source.Keyword, Operand], ...] = ()

    @property
    def findings(self) -> Findings:
        """Where mistakes go."""
        return self.use.findings

    def wrong(self, code: str, message: str, span: Span, notes: Iterable[Note] = ()) -> None:
        """Record an error."""
        self.findings.error(code, message, span, notes=notes)

    def one_arrow(self) -> source.Arrow | None:
        """The only arrow; None, and a finding, if there is another number of them."""
        if len(self.arrows) == 1:
            return self.arrows[0]
        message = f"`{self.use.name}` takes one `->`, not {len(self.arrows)}"
        self.wrong("HX0314", message, self.use.call.span)
        return None


def terms(expr: source.Expr, operator: str) -> tuple[source.Expr, ...]:
    """The terms of ``a * b * c`` or ``a + b + c``, in order."""
    found: list[source.Expr] = []
    while isinstance(expr, source.Binary) and expr.operator == operator:
        found.append(expr.right)
        expr = expr.left
    found.append(expr)
    return tuple(reversed(found))


def names_of(
    reshaping: Reshaping, side: source.Expr, operator: str
) -> tuple[source.Name, ...] | None:
    """The dimension names of one side of an arrow, each there once; None after a finding."""
    found: list[source.Name] = []
    for term in terms(side, operator):
        if not isinstance(term, source.Name):
            what = "a product of" if operator == "*" else "a sum of"
            message = f"`->` takes {what} dimension names on either side here"
            reshaping.wrong("HX0314", message, side.span)
            return None
        if any(term.text == name.text for name in found):
            reshaping.wrong("HX0310", f"`{term.text}` stands twice on one side of `->`", term.span)
            return None
        found.append(term)
    return tuple(found)


def dims_of_value(
    reshaping: Reshaping, names: tuple[source.Name, ...], value: Value, position: int = 0
) -> Dims | None:
    """The dimensions of these names, all of which the value must have; None after findings."""
    found = has_dims(reshaping, names, value, position)
    if found is None:
        return None
    fine = [places_known(reshaping.findings, d, n) for d, n in zip(found, names, strict=True)]
    return found if all(fine) else None


def places_known(findings: Findings, dim: Dimension, name: source.Name) -> bool:
    """Whether every place along a dimension is there, or some may be empty, which is a finding."""
    if not is_ragged((dim,)):
        return True
    message = f"which places of `{name.text}` are full only `dispatch` and `combine` know; declare "
    message += f"`dim {name.text} = ...` for a fixed number"
    findings.error("HX0321", message, name.span)
    return False


def has_dims(
    reshaping: Reshaping, names: tuple[source.Name, ...], value: Value, position: int = 0
) -> Dims | None:
    """The dimensions of these names, all of which the value must have; ragged ones may be among them."""
    found: list[Dimension] = []
    for name in names:
        dim = reshaping.environment.dim(name)
        if dim is None:
            continue
        if set(leaves((dim,))) <= set(leaves(value.dims)):
            found.append(dim)
            continue
        text = label(positional(reshaping.use.call)[position])
        message = f"{text} has no `{name.text}`: it is {show(value.dims)}"
        reshaping.wrong("HX0301", message, name.span)
    return tuple(found) if len(found) == len(names) else None


def is_axis(findings: Findings, dim: Dimension, span: Span) -> bool:
    """Whether a dimension can be one of a value: its size is at least 1."""
    if dim.size >= 1:
        return True
    message = f"`{dim.name}` is {dim.size}; as a dimension of a value it must be at least 1"
    findings.error("HX0305", message, span)
    return False


def targets(
    reshaping: Reshaping, names: tuple[source.Name, ...], total: int, operator: str
) -> Dims | None:
    """The dimensions on the right: known ones, and a new one that gets the size left over.

    Their sizes multiply (``*``) or add up (``+``) to ``total``, or there is a finding.
    """
    environment = reshaping.environment
    found: list[Dimension | None] = []
    new: list[source.Name] = []
    for name in names:
        known, dim = environment.use_dim(name)
        if known and (dim is None or not is_axis(reshaping.findings, dim, name.span)):
            return None
        found.append(dim)
        if not known:
            new.append(name)
    if len(new) > 1:
        message = f"only one name on the right may be new, not {quoted(n.text for n in new)}"
        reshaping.wrong("HX0314", message, new[1].span)
        for name in new:
            environment.declare_dim(name, None)
        return None
    left_over = _left_over([dim.size for dim in found if dim is not None], total, operator)
    if not new:
        return _fitting(reshaping, names, found, total, operator)
    if left_over is None:
        _report_unfit(reshaping, names, found, total, operator)
        environment.declare_dim(new[0], None)
        return None
    made = Dimension(new[0].text, left_over, new[0].span)
    environment.declare_dim(new[0], made)
    return tuple(made if dim is None else dim for dim in found)


def _left_over(sizes: list[int], total: int, operator: str) -> int | None:
    """The size that is missing to ``total``; None if there is none of at least 1."""
    if operator == "+":
        rest = total - sum(sizes)
        return rest if rest >= 1 else None
    product = math.prod(sizes)
    return total // product if total % product == 0 else None


def _fitting(
    reshaping: Reshaping,
    names: tuple[source.Name, ...],
    found: list[Dimension | None],
    total: int,
    operator: str,
) -> Dims | None:
    dims = tuple(dim for dim in found if dim is not None)
    sizes = [dim.size for dim in dims]
    if (math.prod(sizes) if operator == "*" else sum(sizes)) == total:
        return dims
    _report_unfit(reshaping, names, found, total, operator)
    return None


def _report_unfit(
    reshaping: Reshaping,
    names: tuple[source.Name, ...],
    found: list[Dimension | None],
    total: int,
    operator: str,
) -> None:
    written = f" {operator} ".join(name.text for name in names)
    sizes = f" {operator} ".join("?" if dim is None else str(dim.size) for dim in found)
    message = f"`{written}` is {sizes}, but the left side of `->` is {total}"
    notes = (
        Note(f"`{name.text}` is {dim.size} from here on", dim.span)
        for name, dim in zip(names, found, strict=True)
        if dim is not None and dim.span not in (NOWHERE, name.span)
    )
    reshaping.wrong("HX0309", message, names[0].span, notes)
