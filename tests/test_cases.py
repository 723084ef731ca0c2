"""Golden dumps: ``cases/<pass>/<behaviour>.hx`` holds a program, a divider, and the dump after that pass.

``pytest --update`` rewrites what stands below the divider.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from helixc.cli.dumps import print_dump
from helixc.compiler import compile_text
from helixc.elaborate.choice import Choice
from helixc.ir.invariants_device import ALL_FACTS
from helixc.pipeline import to_spmd
from helixc.pipeline_device import TO_DEVICE
from helixc.text.dump_parser import parse_dump

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(FOLDER.glob("*/*.hx"))
DIVIDER = "\n# ---- expected ----\n"


def name_of(case: Path) -> str:
    """Pass and behaviour."""
    return f"{case.parent.name}/{case.stem}"


def after(name: str, text: str) -> str:
    """The dump of a program after a pass."""
    compilation = compile_text(text, name="case.hx")
    stages = dict((*compilation.stages, *compilation.device_stages))
    return print_dump(stages[name])


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_pass_does_what_its_case_says(case: Path, *, update: bool) -> None:
    source, expected = case.read_text(encoding="utf-8").split(DIVIDER)

    found = after(case.parent.name, source)

    if update:
        case.write_text(source + DIVIDER + found, encoding="utf-8", newline="\n")
    else:
        assert found == expected


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_what_a_case_expects_is_a_legal_program(case: Path) -> None:
    _, expected = case.read_text(encoding="utf-8").split(DIVIDER)

    program = parse_dump(expected, case.name)

    assert print_dump(program) == expected
    assert [f for fact in ALL_FACTS[type(program)] for f in fact.check(program)] == []


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_case_says_why_in_its_first_line(case: Path) -> None:
    first = case.read_text(encoding="utf-8").partition("\n")[0]

    assert first.startswith("# ")
    assert first.endswith(".")


def test_every_pass_has_a_case() -> None:
    passes = {step.name for step in (*to_spmd(Choice()), *TO_DEVICE)}

    assert {case.parent.name for case in CASES} == passes
