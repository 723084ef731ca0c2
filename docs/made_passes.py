"""Blocks about the passes: what they declare, and what they do to a small program of the golden cases."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from helixc.cli.dumps import print_dump
from helixc.compiler import compile_text
from helixc.elaborate.choice import Choice
from helixc.passes.contract import AnyPass, Facts, by_name
from helixc.pipeline import to_spmd
from helixc.pipeline_device import TO_DEVICE

CASES = Path(__file__).resolve().parent.parent / "tests" / "cases"
DIVIDER = "# ---- expected ----"
HARDWARE = ("gpu ", "link ", "cluster ")
# Paragraphs of a dump that say what is computed on what, and not what is done.
HEADER = ("helixc ", "dim ", "scope ", "cluster ", "plan ", "mesh ", "select")
PASSES: dict[str, AnyPass] = {step.name: step for step in (*to_spmd(Choice()), *TO_DEVICE)}


def pass_facts(name: str) -> Iterator[str]:
    """From which level to which, in a sentence, and the facts that a pass speaks of."""
    step = PASSES[name]
    what = (inspect.getdoc(step.run) or "").splitlines()[0].replace("``", "`")
    yield f"`{step.source.__name__}` to `{step.target.__name__}`. {' '.join(what.split())}"
    yield ""
    for word, facts in (("needs", step.needs), ("gives", step.gives), ("breaks", step.breaks)):
        yield f"* {word} {_names(facts)}"


def _names(facts: Facts) -> str:
    return ", ".join(f"`{fact.name}`" for fact in by_name(facts)) or "nothing"


def pass_change(name: str, case: str) -> Iterator[str]:
    """The program of a case without its hardware, and how the dump changes from one pass to the next."""
    source = (CASES / name / f"{case}.hx").read_text(encoding="utf-8").split(DIVIDER)[0]
    yield "```"
    yield from (line for line in source.rstrip().splitlines() if not line.startswith(HARDWARE))
    yield "```"
    yield ""
    stages = _dumps(source)
    names = [*stages]
    position = names.index(name)
    if position == 0:
        yield "```"
        yield from _told(stages[name], stages[name])
        yield "```"
        return
    before, after = stages[names[position - 1]], stages[name]
    yield "```diff"
    yield from _difference(_told(before, after), _told(after, before))
    yield "```"


@cache
def _dumps(source: str) -> dict[str, list[str]]:
    """The paragraphs of the dump after each pass."""
    compilation = compile_text(source, name="case.hx")
    stages = (*compilation.stages, *compilation.device_stages)
    return {name: print_dump(program).rstrip().split("\n\n") for name, program in stages}


def _told(dump: list[str], other: list[str]) -> list[str]:
    """The statements of a dump, and of what is said before them the sizes that another dump does not have."""
    known = {line for paragraph in other for line in paragraph.splitlines()}
    return [
        line
        for paragraph in dump
        for line in paragraph.splitlines()
        if not paragraph.startswith(HEADER) or (line.startswith("dim ") and line not in known)
    ]


def _difference(before: list[str], after: list[str]) -> Iterator[str]:
    found = difflib.unified_diff(before, after, n=len(before), lineterm="")
    lines = [line for line in found if not line.startswith(("---", "+++", "@@"))]
    yield from (line.rstrip() for line in lines)
    if not lines:
        yield from (f" {line}" for line in after)
