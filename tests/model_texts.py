"""Models as text, elaborated: a plan and a cluster are put behind them where they have none."""

from __future__ import annotations

from helixc.diagnostics import Diagnostic, HelixError
from helixc.elaborate.choice import Choice
from helixc.elaborate.elaborate import elaborate
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.logical import Logical, Op, walk
from helixc.text.loader import load_text

CLUSTER = """
gpu chip { memory = 80 GB; bandwidth = 3 TB/s; bf16 = 1 PFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster box { gpu chip; level gpu = 4 via wire }
"""
PLAN = "plan p for m on box { mesh t = 4 }\n"


def logical(text: str, plan: str = PLAN, **settings: int) -> Logical:
    """The logical level of model `m`; every fact about it holds."""
    sources = load_text(text + CLUSTER + plan, "test.hx")
    program, _ = elaborate(sources, Choice(settings=tuple(settings.items())))
    broken = [finding for fact in LOGICAL_FACTS for finding in fact.check(program)]
    assert broken == []
    return program


def model(body: str, layers: str = "", plan: str = PLAN, **settings: int) -> Logical:
    """The logical level of a model with this body, and these layers beside it."""
    return logical(f"model m {{\n{body}\n}}\n{layers}", plan, **settings)


def errors(text: str, plan: str = PLAN, **settings: int) -> tuple[Diagnostic, ...]:
    """The errors of a text; () if it has none."""
    try:
        logical(text, plan, **settings)
    except HelixError as wrong:
        return tuple(d for d in wrong.diagnostics if d.severity == "error")
    return ()


def model_errors(body: str, layers: str = "", plan: str = PLAN) -> tuple[str, ...]:
    """The messages of a wrong model, each with its code."""
    found = errors(f"model m {{\n{body}\n}}\n{layers}", plan)
    return tuple(f"{d.code} {d.message}" for d in found)


def ops(program: Logical, kind: str = "") -> list[Op]:
    """The operators of a program, of one kind if given."""
    found = [s for s in walk(program.body) if isinstance(s, Op)]
    return [op for op in found if kind in ("", op.kind)]


def op(program: Logical, name: str) -> Op:
    """The operator that makes the value of this unique name."""
    return next(one for one in ops(program) if one.result == name)
