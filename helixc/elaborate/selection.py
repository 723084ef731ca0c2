"""Which model, plan and cluster a choice means; where it leaves several, they are listed."""

from __future__ import annotations

import attrs

from helixc.diagnostics import NOWHERE, Findings, Span
from helixc.elaborate.choice import Choice
from helixc.elaborate.declarations import Declarations, Kind, Located
from helixc.elaborate.hardware import Catalogue
from helixc.elaborate.later import refuse
from helixc.elaborate.wording import did_you_mean, quoted
from helixc.ir import source
from helixc.ir.hardware import Cluster

_MAIN = ""


@attrs.frozen
class Selection:
    """What to compile; None where there were findings."""

    model: Located | None
    plan: Located | None
    cluster: Cluster | None


@attrs.frozen
class Selector:
    """Finds what a choice names, or the only one there is."""

    declarations: Declarations
    catalogue: Catalogue
    findings: Findings

    def select(self, choice: Choice) -> Selection:
        """The model, the plan and the cluster of a choice."""
        plan = self._plan(choice)
        model = None if plan is None and choice.plan is not None else self._model(choice, plan)
        cluster = None if plan is None else self._cluster(choice, plan)
        return Selection(model, plan, cluster)

    # --- plans

    def _plan(self, choice: Choice) -> Located | None:
        if choice.plan is not None:
            return self._named("plan", choice.plan)
        plans = self._all("plan")
        fitting = [plan for plan in plans if choice.model is None or choice.model in _models(plan)]
        if len(fitting) == 1:
            return fitting[0]
        names = [plan.declaration.name.text for plan in fitting]
        owner = f"`{choice.model}`" if choice.model is not None else "this file"
        if names:
            message = f"{owner} has several plans: {quoted(names)}; choose one with `--plan`"
        else:
            message = f"{owner} has no plan; a plan says how to split the model over the GPUs"
        self.findings.error("HX0212", message, self._where(fitting or plans), legal=names)
        return None

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
            message = f"no {kind} `{name}`{did_you_mean(name, legal)}"
            message += f"; {kind}s here: {quoted(legal)}" if legal else ""
            self.findings.error("HX0213", message, self._where(self._all(kind)), legal=legal)
        return found

    # --- models

    def _model(self, choice: Choice, plan: Located | None) -> Located | None:
        if plan is not None:
            self._check_models(plan)
        if choice.model is not None:
            found = self._named("model", choice.model)
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
        """A plan is for models that exist; a phase of one does not mean anything yet."""
        declaration = plan.declaration
        if not isinstance(declaration, source.PlanDecl):
            return
        for path in declaration.models:
            name = path.steps[0].name
            if self.declarations.one("model", name, plan.file) is None:
                legal = self.declarations.visible("model", plan.file)
                message = f"no model `{name.text}`{did_you_mean(name.text, legal)}"
                self.findings.error("HX0213", message, name.span, legal=legal)
            if len(path.steps) > 1:
                refuse("phase", path.steps[1].span, self.findings)

    # --- clusters

    def _cluster(self, choice: Choice, plan: Located) -> Cluster | None:
        declaration = plan.declaration
        if choice.cluster is not None:
            name = source.Name(choice.cluster, declaration.name.span)
            return self.catalogue.cluster(name, _MAIN)
        if isinstance(declaration, source.PlanDecl) and declaration.cluster is not None:
            return self.catalogue.cluster(declaration.cluster, plan.file)
        names = self.catalogue.clusters(_MAIN)
        if len(names) == 1:
            return self.catalogue.cluster(source.Name(names[0], declaration.name.span), _MAIN)
        message = f"plan `{declaration.name.text}` does not say on which cluster it runs; "
        message += f"clusters here: {quoted(names)}" if names else "declare one, or import it"
        self.findings.error("HX0212", message, declaration.name.span, legal=names)
        return None


def _models(plan: Located) -> tuple[str, ...]:
    """The names of the models that a plan is for, once each."""
    if not isinstance(plan.declaration, source.PlanDecl):
        return ()
    return tuple(dict.fromkeys(path.steps[0].name.text for path in plan.declaration.models))
