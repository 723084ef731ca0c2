"""Weights are shared by all phases of a model, so that none can have another size in one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from helixc.diagnostics import Findings
from helixc.elaborate.builder import Builder
from helixc.elaborate.drafts import DraftOp, DraftRepeat, DraftStatement
from helixc.ir.ops import OPS


def check_shared(phases: Mapping[str, Builder], findings: Findings) -> None:
    """Find weights whose sizes depend on the phase."""
    (first, builder), *others = phases.items()
    known = tuple(_weights(builder.body))
    for phase, other in others:
        weights = tuple(_weights(other.body))
        # Where what is elaborated depends on the sizes there is nothing to set side by side.
        for one, two in zip(known, weights, strict=True) if len(known) == len(weights) else ():
            if one.span == two.span and _sizes(one) != _sizes(two):
                message = f"weight `{one.result.base}` is {_text(one)} in phase `{first}` and "
                message += f"{_text(two)} in `{phase}`; phases share their weights"
                findings.error("HX0319", message, one.span)


def _weights(body: list[DraftStatement]) -> Iterator[DraftOp]:
    for draft in body:
        if isinstance(draft, DraftRepeat):
            yield from _weights(draft.body)
        elif OPS[draft.kind].kept == "weight":
            yield draft


def _sizes(weight: DraftOp) -> tuple[int, ...]:
    return tuple(dim.size for dim in weight.result.dims)


def _text(weight: DraftOp) -> str:
    dims = ", ".join(f"{dim.name} = {dim.size}" for dim in weight.result.dims)
    return f"[{dims}]"
