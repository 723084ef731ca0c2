"""What ``verify`` says: the record, and the same as a JSON object."""

from __future__ import annotations

import math
from typing import Literal

import attrs

from helixc.card import Card, Listing, Shown

SCHEMA = "helixc.verify/1"

Verdict = Literal["equal", "approximation", "differs", "not verified"]


@attrs.frozen
class OutputDifference:
    """One output against the model's: ``relative`` is the norm of the difference over the output's.

    ``tolerance`` is the largest difference that rounding can make, derived from the operations that
    lead to the output; 0 where the arithmetic is exact, infinite where rounding may tip a comparison.
    """

    name: str
    max_abs: float
    relative: float
    tolerance: float


@attrs.frozen
class PassResult:
    """The program after one pass: equal, an approximation, or the first value that is wrong.

    ``values`` were compared; ``unbounded`` of them have elements that the rounding of one step may make
    anything, which therefore prove nothing.
    """

    name: str
    verdict: Verdict
    values: int
    value: str = ""
    detail: str = ""
    unbounded: int = 0


@attrs.frozen(kw_only=True)
class ApproximationFound:
    """One ``local`` line: which model the program is exactly, and how far that is from the original.

    ``relative`` is measured at ``measured_at``, the first value behind ``value`` that both have;
    ``outputs`` compare the program with the model so rewritten.
    """

    value: str
    dim: str
    statement: str
    measured_at: str
    relative: float


@attrs.frozen(kw_only=True, repr=False)
class VerifyReport(Shown):
    """The verdict on one plan, in one ``phase`` ("" where the model writes none), and what it rests on.

    ``outputs`` compare the last version with the model as written; ``rewritten`` (only of an
    approximation) with the model as the plan rewrites it.  ``instance`` says at which sizes, ``slices`` in how many slices.
    """

    plan: str
    verdict: Verdict
    outputs: tuple[OutputDifference, ...] = ()
    rewritten: tuple[OutputDifference, ...] = ()
    replicas_equal: bool = True
    passes: tuple[PassResult, ...] = ()
    approximations: tuple[ApproximationFound, ...] = ()
    reason: str = ""
    arithmetic: str = "float64"
    seed: int = 0
    instance: tuple[tuple[str, int], ...] = ()
    shrunk_axes: tuple[str, ...] = ()
    slices: int = 1
    phase: str = ""

    @property
    def headline(self) -> str:
        """The plan, its phase and the verdict."""
        phase = f", phase {self.phase}" if self.phase else ""
        return f"plan {self.plan}{phase}: {self.verdict}"

    def card(self) -> Card:
        """The verdict, what it rests on, and how far outputs are from the model's."""
        facts = (
            *([("reason", self.reason)] if self.reason else []),
            *((f"local {found.value}", found.statement) for found in self.approximations),
            ("sizes of the run", ", ".join(f"{name} {size}" for name, size in self.instance)),
            ("arithmetic", f"{self.arithmetic}, seed {self.seed}"),
            ("compared after", ", ".join(f"{step.name} {step.verdict}" for step in self.passes)),
        )
        rows = [
            (output.name, against, *(f"{figure:.3g}" for figure in attrs.astuple(output)[1:]))
            for against, outputs in (("model", self.outputs), ("as rewritten", self.rewritten))
            for output in outputs
        ]
        columns = ("output", "against", "largest difference", "relative", "rounding allows")
        tables = (Listing(columns=columns, rows=rows, where="outputs"),) if rows else ()
        return Card(title=self.headline, facts=facts, tables=tables)

    def to_json(self) -> dict[str, object]:
        """The object with schema ``helixc.verify/1``; ready for ``json.dumps``."""
        return {
            "schema": SCHEMA,
            "plan": self.plan,
            "verdict": self.verdict,
            "outputs": [_figures(output) for output in self.outputs],
            "replicas_equal": self.replicas_equal,
            "passes": [attrs.asdict(result) for result in self.passes],
            "approximations": [self._approximation(a) for a in self.approximations],
            "reason": self.reason,
            "arithmetic": self.arithmetic,
            "seed": self.seed,
            "phase": self.phase,
            "instance": {
                "sizes": dict(self.instance),
                "shrunk_axes": list(self.shrunk_axes),
                "slices": self.slices,
            },
        }

    def _approximation(self, found: ApproximationFound) -> dict[str, object]:
        rewritten = [_figures(output) for output in self.rewritten]
        return {**attrs.asdict(found), "outputs": rewritten}


def _figures(output: OutputDifference) -> dict[str, object]:
    """The figures of one output; null where one is not finite, for which JSON has no number."""
    return {
        name: value if isinstance(value, str) or math.isfinite(value) else None
        for name, value in attrs.asdict(output).items()
    }
