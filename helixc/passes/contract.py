"""What a pass is, and how it is held to its word.

A pass declares which facts it needs, gives and breaks.  ``plan_pipeline`` refuses a wrong order
before any program is read; ``run_pipeline`` rechecks, when asked, every fact that should hold after
each pass, so that a lie in a declaration is found at the pass that tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import attrs

from helixc.activity import doing
from helixc.diagnostics import CompilerBug, Diagnostic
from helixc.ir.fact import AnyInvariant

Before = TypeVar("Before")
After = TypeVar("After")
Facts = frozenset[AnyInvariant]
Observer = Callable[[str, Any], None]


def _facts(facts: Iterable[AnyInvariant]) -> Facts:
    return frozenset(facts)


@attrs.frozen(kw_only=True)
class Pass(Generic[Before, After]):
    """A pure function between IR levels, plus what it needs, gives and breaks.

    On one level facts are kept unless listed in ``breaks``; a pass to another level drops all of them.
    """

    name: str
    run: Callable[[Before], After]
    source: type[Before]
    target: type[After]
    needs: Facts = attrs.field(default=frozenset(), converter=_facts)
    gives: Facts = attrs.field(default=frozenset(), converter=_facts)
    breaks: Facts = attrs.field(default=frozenset(), converter=_facts)

    def facts_after(self, facts: Facts) -> Facts:
        """The facts that hold after this pass if ``facts`` hold before it."""
        kept = facts - self.breaks if self.source is self.target else frozenset[AnyInvariant]()
        return kept | self.gives


AnyPass = Pass[Any, Any]


class PipelineError(CompilerBug):
    """The passes cannot run in the given order."""


class BrokenFactError(CompilerBug):
    """After a pass a fact does not hold; carries the pass, the fact, the findings and the program."""

    def __init__(
        self, after: str, fact: AnyInvariant, findings: tuple[Diagnostic, ...], program: object
    ) -> None:
        self.after = after
        self.fact = fact
        self.findings = findings
        self.program = program
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        super().__init__(f"after {after}: {fact.name}: {first.code}: {first.message}{more}")


def ignore(name: str, program: object) -> None:
    """The observer that looks away."""
    del name, program


def plan_pipeline(
    passes: Sequence[AnyPass], level: type[object], facts: Facts = frozenset()
) -> tuple[Facts, ...]:
    """The facts that hold after each pass; raises ``PipelineError`` if the order is wrong.

    ``level`` is the type of the program that enters, ``facts`` what is known about it.
    """
    held: list[Facts] = []
    for step in passes:
        _check_step(step, level, facts)
        level, facts = step.target, step.facts_after(facts)
        held.append(facts)
    return tuple(held)


def run_pipeline(
    passes: Sequence[AnyPass],
    program: object,
    facts: Facts = frozenset(),
    observe: Observer = ignore,
    *,
    verify_each: bool = False,
) -> object:
    """Run passes in order; ``observe(name, program)`` sees the result of each, the last is returned.

    ``facts`` must hold for the program that enters.  With ``verify_each`` every fact that should hold is rechecked after every pass, and a broken one
    raises ``BrokenFactError``.
    """
    held = plan_pipeline(passes, type(program), facts)
    for step, facts_after in zip(passes, held, strict=True):
        with doing(step.name), _naming(step):
            program = step.run(program)
        observe(step.name, program)
        if verify_each:
            with doing(f"facts after {step.name}"):
                verify(step.name, program, facts_after)
    return program


def verify(after: str, program: object, facts: Facts) -> None:
    """Recheck facts, in the order of their names; ``after`` names the pass to blame."""
    for fact in by_name(facts):
        findings = tuple(fact.check(program))
        if findings:
            raise BrokenFactError(after, fact, findings, program)


def by_name(facts: Facts) -> tuple[AnyInvariant, ...]:
    """Facts in the order of their names."""
    return tuple(sorted(facts, key=lambda fact: fact.name))


def _check_step(step: AnyPass, level: type[object], facts: Facts) -> None:
    if step.source is not level:
        wanted, found = step.source.__name__, level.__name__
        raise PipelineError(f"{step.name} reads {wanted}, but what comes here is {found}")
    missing = by_name(step.needs - facts)
    if missing:
        names = ", ".join(fact.name for fact in missing)
        raise PipelineError(f"{step.name} needs {names}; no earlier pass gives it")
    _check_level(step, step.needs | step.breaks, step.source)
    _check_level(step, step.gives, step.target)


def _check_level(step: AnyPass, facts: Facts, level: type[object]) -> None:
    for fact in by_name(facts):
        if fact.level is not level:
            raise PipelineError(
                f"{step.name} speaks of {fact.name}, a fact about {fact.level.__name__}, "
                f"where it has {level.__name__}"
            )


@contextmanager
def _naming(step: AnyPass) -> Generator[None]:
    """Turn an accident inside a pass into a bug report that names the pass."""
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        accident = f"{type(error).__name__}: {error}"
        raise CompilerBug(f"in {step.name}: {accident}") from error
