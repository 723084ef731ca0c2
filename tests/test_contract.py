"""The contract of passes: a wrong order is refused unread, and a lying pass is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest

from helixc.compiler import lower, plan_names
from helixc.diagnostics import CompilerBug, Diagnostic, HelixError
from helixc.elaborate.choice import Choice
from helixc.ir.fact import Invariant
from helixc.ir.source import Sources
from helixc.passes.contract import (
    BrokenFactError,
    Pass,
    PipelineError,
    plan_pipeline,
    run_pipeline,
)
from helixc.pipeline import to_spmd
from helixc.pipeline_device import TO_DEVICE
from helixc.text.loader import load_path


@attrs.frozen
class High:
    """A toy level."""

    value: int


@attrs.frozen
class Low:
    """The level below it."""

    value: int


def _even(program: High) -> Iterable[Diagnostic]:
    if program.value % 2:
        yield Diagnostic("HX0000", f"{program.value} is odd")


def _small(program: Low) -> Iterable[Diagnostic]:
    if program.value > 9:
        yield Diagnostic("HX0000", f"{program.value} is not small")


EVEN = Invariant("even", High, _even)
SMALL = Invariant("small", Low, _small)


def _double(name: str = "double", **more: Any) -> Pass[High, High]:
    more.setdefault("gives", frozenset({EVEN}))
    run: Callable[[High], High] = more.pop("run", lambda p: High(2 * p.value))
    return Pass(name=name, run=run, source=High, target=High, **more)


LOWER = Pass(
    name="lower",
    run=lambda p: Low(p.value),
    source=High,
    target=Low,
    needs=frozenset({EVEN}),
    gives=frozenset({SMALL}),
)


def test_facts_are_kept_on_a_level_and_dropped_between_levels() -> None:
    keep = _double("keep", gives=frozenset())
    assert plan_pipeline((_double(), keep, LOWER), High) == (
        frozenset({EVEN}),
        frozenset({EVEN}),
        frozenset({SMALL}),
    )


def test_a_missing_fact_is_refused_before_any_program_is_read() -> None:
    with pytest.raises(PipelineError, match=r"lower needs even; no earlier pass gives it"):
        plan_pipeline((LOWER,), High)


def test_a_broken_fact_must_be_given_again() -> None:
    breaks = _double("break", gives=frozenset(), breaks=frozenset({EVEN}))
    with pytest.raises(PipelineError, match=r"lower needs even"):
        plan_pipeline((_double(), breaks, LOWER), High)
    assert plan_pipeline((_double(), breaks, _double(), LOWER), High)


def test_a_pass_must_stand_where_its_level_is() -> None:
    with pytest.raises(PipelineError, match=r"double reads High, but what comes here is Low"):
        plan_pipeline((_double(), LOWER, _double()), High)


def test_a_pass_cannot_speak_of_facts_of_another_level() -> None:
    with pytest.raises(PipelineError, match=r"small, a fact about Low, where it has High"):
        plan_pipeline((_double("wrong", gives=frozenset({SMALL})),), High)


def test_the_observer_sees_every_result_once_and_in_order() -> None:
    seen: list[tuple[str, object]] = []
    result = run_pipeline(
        (_double(), LOWER), High(2), observe=lambda name, program: seen.append((name, program))
    )
    assert seen == [("double", High(4)), ("lower", Low(4))]
    assert result == Low(4)


def test_a_pass_that_lies_is_named_with_the_fact_that_it_broke() -> None:
    liar = _double("liar", run=lambda p: High(p.value + 1))
    run_pipeline((_double(), liar), High(2))
    with pytest.raises(BrokenFactError, match=r"after liar: even: HX0000: 5 is odd") as caught:
        run_pipeline((_double(), liar), High(2), verify_each=True)
    assert (caught.value.after, caught.value.fact, caught.value.program) == ("liar", EVEN, High(5))


def test_an_accident_inside_a_pass_names_the_pass() -> None:
    broken = _double("broken", run=lambda p: High(p.value // 0))
    with pytest.raises(CompilerBug, match=r"in broken: ZeroDivisionError"):
        run_pipeline((broken,), High(2))


def test_findings_about_the_program_pass_through_untouched() -> None:
    def refuse(program: High) -> High:
        raise HelixError([Diagnostic("HX0000", f"no {program.value}")])

    with pytest.raises(HelixError, match=r"no 2"):
        run_pipeline((_double("refuse", run=refuse),), High(2))


EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.hx"))
PIPELINE = (*to_spmd(Choice()), *TO_DEVICE)


def test_the_pipeline_is_in_order() -> None:
    held = plan_pipeline(PIPELINE, Sources)
    assert {fact.name for fact in held[-1]} >= {"acyclic", "matched", "same-collective-order"}


@pytest.mark.parametrize(
    "name", ["elaborate", "approximate", "fuse", "partition", "communicate", "localize"]
)
def test_the_pipeline_cannot_do_without(name: str) -> None:
    with pytest.raises(PipelineError):
        plan_pipeline([step for step in PIPELINE if step.name != name], Sources)


def test_every_pass_says_what_it_does_and_has_a_name_of_its_own() -> None:
    assert len({step.name for step in PIPELINE}) == len(PIPELINE)
    assert all((step.run.__doc__ or "").strip() for step in PIPELINE)


def test_no_pass_gives_a_fact_that_it_breaks() -> None:
    assert [step.name for step in PIPELINE if step.gives & step.breaks] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_fact_holds_after_every_pass_on_every_example(path: Path) -> None:
    sources = load_path(path)
    for plan in plan_names(sources):
        passes = (*to_spmd(Choice(plan=plan)), *TO_DEVICE)
        stages = lower(sources, passes, verify_each=True)
        assert [name for name, _ in stages] == [step.name for step in passes]
