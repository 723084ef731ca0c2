"""What compiling and checking yield: values that know the program at every level.

Tasks per GPU, drawings and the report are computed when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import attrs

from helixc.activity import doing
from helixc.analysis.report_card import headline
from helixc.card import Card, Shown
from helixc.diagnostics import CompilerBug, Diagnostic
from helixc.elaborate.choice import Choice
from helixc.ir.invariants import COMMUNICATED_FACTS
from helixc.ir.logical import Logical
from helixc.ir.source import Sources
from helixc.ir.spmd import Spmd
from helixc.passes.contract import AnyPass, Facts, Observer, ignore, run_pipeline
from helixc.render import render_text, summary

if TYPE_CHECKING:
    from helixc.analysis.report import Report
    from helixc.emit.drawings import Drawing
    from helixc.ir.device import DeviceProgram

Level = TypeVar("Level")


@attrs.frozen(kw_only=True, eq=False, slots=False, repr=False)
class Compilation(Shown):
    """One program, compiled by one choice; ``stages`` are (pass, program after it), in order."""

    source: Sources
    choice: Choice
    stages: tuple[tuple[str, Logical | Spmd], ...]

    @property
    def headline(self) -> str:
        """What was compiled."""
        spmd = self.spmd
        return headline(spmd.name, spmd.plan.name, spmd.mesh.axes, spmd.cluster)

    def card(self) -> Card:
        """What the report says first, what was found, and who talks to whom."""
        from helixc.emit.cards import program_picture

        findings = render_text(self.report.diagnostics, self.texts)
        picture = program_picture(self.spmd)
        return attrs.evolve(self.report.card(), findings=findings, picture=picture)

    @property
    def logical(self) -> Logical:
        """The model, made concrete and not partitioned yet."""
        return as_level(Logical, self.stages[0][1])

    @property
    def partitioned(self) -> Logical:
        """The logical program as it went into the choice of layouts."""
        return [program for _, program in self.stages if isinstance(program, Logical)][-1]

    @property
    def spmd(self) -> Spmd:
        """One program for all GPUs, with every collective explicit."""
        return as_level(Spmd, self.stages[-1][1])

    @cached_property
    def device_stages(self) -> tuple[tuple[str, object], ...]:
        """The tasks of every GPU after each pass that makes them, by name and in order."""
        from helixc.pipeline_device import TO_DEVICE

        return run_stages(TO_DEVICE, self.spmd, frozenset(COMMUNICATED_FACTS))

    @property
    def device(self) -> DeviceProgram:
        """The scheduled tasks of every GPU."""
        from helixc.ir.device import DeviceProgram

        return as_level(DeviceProgram, self.device_stages[-1][1])

    @cached_property
    def drawings(self) -> tuple[Drawing, ...]:
        """A drawing of each layer, of the whole model, and of who talks to whom, as DOT text."""
        from helixc.emit.drawings import draw

        return draw(self.spmd)[0]

    @cached_property
    def report(self) -> Report:
        """The analysis of the program, with what was passed over for its dearest collectives."""
        from helixc.analysis.hints import find_hints
        from helixc.analysis.passed_over import passed_over
        from helixc.analysis.report import build_report
        from helixc.fitting import find_fit

        with doing("report"):
            return build_report(
                self.spmd,
                diagnostics=self.diagnostics,
                alternatives=passed_over(self.partitioned, self.spmd),
                hints=find_hints(self.partitioned, self.spmd),
                fit=find_fit(self.logical, self.spmd),
            )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found on the way; no errors, for those are raised."""
        return tuple(dict.fromkeys(n for _, program in self.stages for n in program.notes))

    @property
    def texts(self) -> Mapping[str, str]:
        """The text of each file by the name that spans have for it."""
        return texts_of(self.source)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Checked(Shown):
    """What was found in all plans of a file; ``plans`` are those without errors, in order."""

    diagnostics: tuple[Diagnostic, ...]
    plans: tuple[str, ...]
    texts: Mapping[str, str]

    @property
    def headline(self) -> str:
        """How many findings, and the plans without errors."""
        found = summary(self.diagnostics) or "no findings"
        return f"{found}; without errors: {', '.join(self.plans) or 'no plan'}"

    def card(self) -> Card:
        """What was found, with the lines that it speaks of."""
        return Card(title=self.headline, findings=render_text(self.diagnostics, self.texts))

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not any(d.severity == "error" for d in self.diagnostics)


def run_stages(
    passes: Sequence[AnyPass],
    program: object,
    facts: Facts = frozenset(),
    observe: Observer = ignore,
    *,
    verify_each: bool = False,
) -> tuple[tuple[str, object], ...]:
    """The results of passes run on a program, by name and in order; ``observe`` sees each of them."""
    stages: list[tuple[str, object]] = []

    def keep(name: str, result: object) -> None:
        stages.append((name, result))
        observe(name, result)

    run_pipeline(passes, program, facts, keep, verify_each=verify_each)
    return tuple(stages)


def texts_of(sources: Sources) -> dict[str, str]:
    """The text of each file by the name that spans have for it."""
    texts = dict(sources.texts)
    return {file.name: texts.get(path, "") for path, file in sources.files}


def as_level(level: type[Level] | tuple[type[Level], ...], program: object) -> Level:
    """The program, if it is of this level; anything else is a bug."""
    if not isinstance(program, level):
        raise CompilerBug(f"{type(program).__name__} is not the level that belongs here")
    return program
