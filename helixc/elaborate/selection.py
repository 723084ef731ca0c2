"""Which model, phase, plan and cluster a choice means; where it leaves several, they are listed."""

from __future__ import annotations

import attrs

from helixc.diagnostics import NOWHERE, Findings, Span
from helixc.elaborate.choice import Choice
from helixc.elaborate.declarations import Declarations, Kind, Located
from helixc.elaborate.hardware import Catalogue
from helixc.elaborate.phases import phase_names, served_phases
from helixc.elaborate.wording import quoted
from helixc.ir import source
from helixc.ir.hardware import Cluster
from helixc.ir.logical import FORWARD
from helixc.spelling import did_you_mean

_MAIN = ""


@attrs.frozen
class Selection:
    """What to compile; None where there were findings."""

    model: Located | None
    phase: str
    plan: Located | None
    cluster: Cluster | None


@attrs.frozen
class Selector:
    """Finds what a choice names, or the only one there is."""

    declarations: Declarations
    catalogue: Catalogue
    findings: Findings

    def select(self, choice: Choice) -> Selection:
        """The model, its phase, the plan and the cluster of a choice."""
        self._check_phase(choice)
        plan = self._plan(choice)
        model = None if plan is None and choice.plan is not None else self._model(choice, plan)
        own = model and model.model
        phase = FORWARD if own is None else self._phase(choice, own, plan and plan.plan)
        cluster = None if plan is None else self._cluster(choice, plan)
        return Selection(model, phase, plan, cluster)

    # --- plans

    def _plan(self, choice: Choice) -> Located | None:
        if choice.plan is not None:
            return self._named("plan", choice.plan)
        plans = self._all("plan")
        fitting = [plan for plan in plans if self._fits(plan, choice)]
        if len(fitting) == 1:
            return fitting[0]
        names = [plan.declaration.name.text for plan in fitting]
        owner = f"`{choice.model}`" if choice.model is not None else "this file"
        owner = f"phase `{choice.phase}` of {owner}" if choice.phase is not None else owner
        if names:
            message = f"{owner} has several plans: {quoted(names)}; choose one with `--plan`"
        else:
            message = f"{owner} has no plan; a plan says how to split the model over the GPUs"
        self.findings.error("HX0212", message, self._where(fitting or plans), legal=names)
        return None

    def _fits(self, plan: Located, choice: Choice) -> bool:
        """Whether a plan is for the chosen model and phase, or for any where none is chosen."""
        names = [name for name in _models(plan) if choice.model in (None, name)]
        if choice.phase is None:
            return bool(names)
        found = (m for name in names for m in self.declarations.find("model", name, plan.file))
        models = [one.model for one in found if one.model is not None]
        return any(choice.phase in served_phases(plan.plan, model) for model in models)

    def _where(self, located: tuple[Located, ...] | list[Located]) -> Span:
        """A place for what stands in no file: the first of some declarations, else of the models."""
        for one in (*located, *self.declarations.own("model", _MAIN)):
            return one.declaration.name.span
        return NOWHERE

    def _all(self, kind: Kind) -> tuple[Located, ...]:
        """What the main file declares itself, else what it imports."""
        own = self.declarations.own(kind, _MAIN)
        if own:
            return own
        return tuple(
            located
            for name in self.declarations.visible(kind, _MAIN)
            for located in self.declarations.find(kind, name, _MAIN)
        )

    def _named(self, kind: Kind, name: str) -> Located | None:
        found = self.declarations.one(kind, source.Name(name), _MAIN)
        if found is None:
            legal = self.declarations.visible(kind, _MAIN)
            listed = f"; {kind}s here: {quoted(legal)}" if legal else ""
            message = f"no {kind} `{name}`{did_you_mean(name, legal) or listed}"
            self.findings.error("HX0213", message, self._where(self._all(kind)), legal=legal)
        return found

    # --- models

    def chosen_model(self, choice: Choice) -> Located | None:
        """The model that a choice names; None if it names none, or, after a finding, none that is there."""
        return None if choice.model is None else self._named("model", choice.model)

    def _model(self, choice: Choice, plan: Located | None) -> Located | None:
        if plan is not None:
            self._check_models(plan)
        if choice.model is not None:
            found = self.chosen_model(choice)
            if found is not None and plan is not None and choice.model not in _models(plan):
                declaration = plan.declaration
                message = f"plan `{declaration.name.text}` is for {quoted(_models(plan))}"
                message += f", not for `{choice.model}`"
                self.findings.error("HX0214", message, declaration.name.span, legal=_models(plan))
                return None
            return found
        if plan is None:
            models = self._all("model")
            return models[0] if len(models) == 1 else None
        names = [*_models(plan)]
        if len(names) > 1:
            message = f"plan `{plan.declaration.name.text}` is for several models: "
            message += f"{quoted(names)}; choose one with `--model`"
            self.findings.error("HX0212", message, legal=names)
            return None
        found = self.declarations.find("model", names[0], plan.file)
        return found[0] if found else None

    def _check_models(self, plan: Located) -> None:
        """A plan is for models that exist, and for phases that they have."""
        for path in () if plan.plan is None else plan.plan.models:
            name = path.steps[0].name
            found = self.declarations.one("model", name, plan.file)
            if found is None:
                legal = self.declarations.visible("model", plan.file)
                message = f"no model `{name.text}`{did_you_mean(name.text, legal)}"
                self.findings.error("HX0213", message, name.span, legal=legal)
            elif found.model is not None:
                self._check_path(path, found.model)

    def _check_path(self, path: source.Path, model: source.Model) -> None:
        """A path of a plan names a model and, behind a dot, a phase of it."""
        legal = phase_names(model)
        for step in path.steps[1:2]:
            if step.name.text not in legal:
                self._no_phase(step.name, f"`{model.name.text}`", legal)
        for step in path.steps[2:]:
            message = f"nothing is in a phase, so there is no `{step.name.text}` for a plan"
            self.findings.error("HX0213", message, step.span)

    # --- phases

    def _check_phase(self, choice: Choice) -> None:
        """Find a chosen phase that no model in question has."""
        found = [one.model for one in self._all("model") if one.model is not None]
        models = [model for model in found if choice.model in (None, model.name.text)]
        legal = tuple(dict.fromkeys(name for model in models for name in phase_names(model)))
        if choice.phase is not None and models and choice.phase not in legal:
            name = source.Name(choice.phase, models[0].name.span)
            self._no_phase(name, quoted(model.name.text for model in models), legal)

    def _no_phase(self, name: source.Name, owner: str, legal: tuple[str, ...]) -> None:
        hint = did_you_mean(name.text, legal) or f"; phases here: {quoted(legal)}"
        message = f"{owner} has no phase `{name.text}`{hint}"
        self.findings.error("HX0213", message, name.span, legal=legal)

    def _phase(self, choice: Choice, model: source.Model, plan: source.PlanDecl | None) -> str:
        """The phase that is meant; any name after a finding."""
        every, served = phase_names(model), served_phases(plan, model)
        if choice.phase is not None:
            if plan is not None and choice.phase in every and choice.phase not in served:
                message = f"plan `{plan.name.text}` is for {quoted(served)} of "
                message += f"`{model.name.text}`, not for `{choice.phase}`"
                self.findings.error("HX0214", message, plan.name.span, legal=served)
            return choice.phase
        if len(served) > 1 and plan is not None:
            message = f"plan `{plan.name.text}` is for several phases of `{model.name.text}`: "
            message += f"{quoted(served)}; choose one with `--phase`"
            self.findings.error("HX0212", message, plan.name.span, legal=served)
        return served[0] if served else FORWARD

    # --- clusters

    def _cluster(self, choice: Choice, plan: Located) -> Cluster | None:
        declaration = plan.declaration
        if choice.cluster is not None:
            name = source.Name(choice.cluster, declaration.name.span)
            return self.catalogue.cluster(name, _MAIN)
        if plan.plan is not None and plan.plan.cluster is not None:
            return self.catalogue.cluster(plan.plan.cluster, plan.file)
        names = self.catalogue.clusters(_MAIN)
        if len(names) == 1:
            return self.catalogue.cluster(source.Name(names[0], declaration.name.span), _MAIN)
        message = f"plan `{declaration.name.text}` does not say on which cluster it runs; "
        message += f"clusters here: {quoted(names)}" if names else "declare one, or import it"
        self.findings.error("HX0212", message, declaration.name.span, legal=names)
        return None


def _models(plan: Located) -> tuple[str, ...]:
    """The names of the models that a plan is for, once each."""
    paths = () if plan.plan is None else plan.plan.models
    return tuple(dict.fromkeys(path.steps[0].name.text for path in paths))
