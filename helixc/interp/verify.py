"""``verify``: runs the model and every version of it on one small instance, and compares them.

The versions are those after each pass.  Each is checked operator by operator against the model (see
``check_values``), so the first one that is wrong names the pass that broke it.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from helixc.activity import doing
from helixc.interp.approximation import divided_dims
from helixc.interp.check_values import Checked, check_values
from helixc.interp.data import Data, Kind
from helixc.interp.domain import FIELD, REALS, Domain
from helixc.interp.limits import excess
from helixc.interp.measure import compare_outputs, describe
from helixc.interp.opened import opened, unpadded
from helixc.interp.reference import Reference, run_reference
from helixc.interp.shrink import (
    AnyProgram,
    Instance,
    full_instance,
    operators,
    shrink,
    shrink_model,
    shrunk_axes,
    smallest_instance,
)
from helixc.interp.spmd import ExecutionError
from helixc.interp.verdict import ApproximationFound, PassResult, VerifyReport
from helixc.interp.version import Version, run_version
from helixc.ir.logical import Logical, phase_of
from helixc.ir.slices import all_slices
from helixc.ir.tensor import Dim

Stage = tuple[str, AnyProgram]


def verify(
    model: Logical, stages: Sequence[Stage], *, seed: int = 0, full: bool = False
) -> VerifyReport:
    """The verdict on a program: ``stages`` are the passes after elaboration and what each one made.

    Runs at the least faithful sizes, or with ``full`` at the sizes written.  Never raises for a wrong
    program: that is the verdict.
    """
    versions = [program for _, program in stages]
    divided = _divided(model, versions)
    names = {dim: tuple(part.name for part in parts) for dim, parts in divided.items()}
    if full:
        instance = full_instance((model, *versions))
    else:
        instance = smallest_instance(model, versions, names)
    case = _Case(
        full=model,
        model=shrink_model(model, instance),
        stages=tuple((name, shrink(program, instance), program) for name, program in stages),
        divided={d: _small_parts(parts, instance) for d, parts in divided.items()},
        seed=seed,
    )
    report = VerifyReport(
        plan=model.plan.name,
        phase=phase_of(model.name),
        verdict="not verified",
        seed=seed,
        instance=tuple((dim.name, dim.size) for dim in case.model.dims),
        shrunk_axes=shrunk_axes(versions, instance),
        slices=instance.slices,
    )
    too_large = excess(case.programs)
    return attrs.evolve(report, reason=too_large) if too_large else _judge(case, report)


def _divided(model: Logical, versions: Sequence[AnyProgram]) -> dict[str, tuple[Dim, ...]]:
    """The dimensions of the model that the last version without GPUs writes as products."""
    unplaced = [version for version in versions if isinstance(version, Logical)]
    return divided_dims(model, unplaced[-1]) if unplaced else {}


def _small_parts(parts: tuple[Dim, ...], instance: Instance) -> tuple[Dim, ...]:
    return tuple(Dim(part.name, instance.sizes[part.name]) for part in parts)


@attrs.frozen(eq=False, kw_only=True)
class _Case:
    """What is verified: the model and its versions, small (and in full, for words about them)."""

    full: Logical
    model: Logical
    stages: tuple[tuple[str, AnyProgram, AnyProgram], ...]
    divided: dict[str, tuple[Dim, ...]]
    seed: int

    @property
    def programs(self) -> tuple[AnyProgram, ...]:
        """The model and its versions, small."""
        return (self.model, *(small for _, small, _ in self.stages))

    @property
    def domain(self) -> Domain:
        """Exact arithmetic where every operator of every version is linear."""
        kinds = {op.kind for program in self.programs for op in operators(program)}
        return FIELD if kinds <= FIELD.meanings.keys() else REALS


def _judge(case: _Case, blank: VerifyReport) -> VerifyReport:
    domain = case.domain
    kinds: tuple[Kind, ...] = ("field",) if domain is FIELD else ("normal", "positive")
    undefined = ""
    for kind in kinds:
        supply = Data(case.model, case.seed, kind, case.divided)
        model = run_reference(case.model, supply, domain)
        undefined = _undefined(model)
        if not undefined:
            blank = attrs.evolve(blank, arithmetic=domain.name)
            return _Judgement(case, supply, model).report(blank)
    reason = f"`{undefined}` is not a number for random inputs, so there is nothing to compare"
    return attrs.evolve(blank, reason=reason)


def _undefined(model: Reference) -> str:
    """An output that is not a number somewhere, or nowhere finite; "" if there is none."""
    for output in model.program.outputs:
        value = np.asarray(model.trace.values[output.value, ()], dtype=np.float64)
        if value.size and (np.isnan(value).any() or not np.isfinite(value).any()):
            return output.name
    return ""


class _Judgement:
    """Goes through the versions in order; one with other dimensions becomes the model for those after it."""

    def __init__(self, case: _Case, supply: Data, model: Reference) -> None:
        self.case = case
        self.supply = supply
        self.original = model
        self.reference = model
        self.passes: list[PassResult] = []
        self.approximations: list[ApproximationFound] = []
        self.replicas_equal = True

    def report(self, blank: VerifyReport) -> VerifyReport:
        """The verdict; ``blank`` has what is known beforehand."""
        version: Version | None = None
        for name, small, full in self.case.stages:
            with doing(name):
                try:
                    version = run_version(small, self.supply, self.reference.domain)
                except ExecutionError as error:
                    self.passes.append(PassResult(name, "differs", 0, error.value, error.reason))
                    return self._wrong(blank, None)
                if not self._accepts(name, version, full):
                    return self._wrong(blank, version)
        verdict = "approximation" if self.approximations else "equal"
        report = attrs.evolve(self._found(blank, version), verdict=verdict)
        if not self.approximations or version is None:
            return report
        return attrs.evolve(report, rewritten=compare_outputs(self.reference, version, {}))

    def _accepts(self, name: str, version: Version, full: AnyProgram) -> bool:
        """Check one version against the model as rewritten so far, and note the result."""
        known, known_dims = self.reference.program.approximations, self.reference.program.sizes
        new = full.approximations[len(known) :] if isinstance(full, Logical) else ()
        rewrites = bool(new)
        divides = isinstance(full, Logical) and bool(full.sizes.keys() - known_dims.keys())
        divided = self.case.divided if rewrites or divides else {}
        changed = [approximation.value for approximation in new]
        checked = check_values(self.reference, version, self.supply, divided, changed)
        self._note(name, checked, rewrites=rewrites)
        if checked.first is not None:
            return False
        if divides and isinstance(full, Logical) and isinstance(version.program, Logical):
            for approximation in new:
                self.approximations.append(
                    describe(self.case.full, full, approximation, self.reference, checked)
                )
            rewritten = opened(all_slices(unpadded(version.program)))
            self.reference = run_reference(rewritten, self.supply, self.reference.domain)
        return True

    def _note(self, name: str, checked: Checked, *, rewrites: bool) -> None:
        first = checked.first
        if first is None:
            verdict = "approximation" if rewrites else "equal"
            found = PassResult(name, verdict, checked.values, unbounded=checked.unbounded)
            self.passes.append(found)
            return
        self.replicas_equal = not first.replicas
        self.passes.append(PassResult(name, "differs", checked.values, first.value, first.text))

    def _wrong(self, blank: VerifyReport, version: Version | None) -> VerifyReport:
        last = self.passes[-1]
        reason = f"after {last.name}: `{last.value}`: {last.detail}"
        return attrs.evolve(self._found(blank, version), verdict="differs", reason=reason)

    def _found(self, blank: VerifyReport, version: Version | None) -> VerifyReport:
        outputs = ()
        if version is not None:
            outputs = compare_outputs(self.original, version, self.case.divided)
        return attrs.evolve(
            blank,
            outputs=outputs,
            replicas_equal=self.replicas_equal,
            passes=tuple(self.passes),
            approximations=tuple(self.approximations),
        )
