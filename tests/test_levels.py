"""Every example at every level: the dump reads back to the same value, and every fact holds."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import helixc
from helixc.cli.dumps import print_dump
from helixc.compiler import Compilation, plan_names
from helixc.ir.device import Selection
from helixc.ir.expansion import expand
from helixc.ir.invariants import COMMUNICATED_FACTS, FACTS
from helixc.ir.invariants_device import LOCALIZED_FACTS, SCHEDULED_FACTS
from helixc.passes.schedule import schedule
from helixc.text.dump_parser import parse_dump
from helixc.text.loader import load_path

EXAMPLES = Path(__file__).parents[1] / "examples"
PLANS = [
    (path.name, plan)
    for path in sorted(EXAMPLES.glob("*.hx"))
    for plan in plan_names(load_path(path))
]
every_plan = pytest.mark.parametrize(("example", "plan"), PLANS)


@cache
def compiled(example: str, plan: str) -> Compilation:
    """An example, compiled once."""
    return helixc.compile(EXAMPLES / example, plan=plan)


@every_plan
def test_every_fact_holds_after_every_pass(example: str, plan: str) -> None:
    for name, program in compiled(example, plan).stages:
        broken = [f for fact in FACTS[type(program)] for f in fact.check(program)]
        assert (name, broken) == (name, [])


@every_plan
def test_the_last_program_has_every_step_of_its_communication(example: str, plan: str) -> None:
    program = compiled(example, plan).spmd

    assert [f for fact in COMMUNICATED_FACTS for f in fact.check(program)] == []


@every_plan
def test_every_fact_holds_of_the_tasks_of_every_gpu(example: str, plan: str) -> None:
    stages = dict(compiled(example, plan).device_stages)

    assert [f for fact in LOCALIZED_FACTS for f in fact.check(stages["localize"])] == []
    assert [f for fact in SCHEDULED_FACTS for f in fact.check(stages["schedule"])] == []


@every_plan
def test_every_level_reads_back(example: str, plan: str) -> None:
    for name, program in compiled(example, plan).stages:
        printed = print_dump(program)
        again = parse_dump(printed, f"{name}.hxir")
        assert again == program
        assert print_dump(again) == printed


@every_plan
def test_the_tasks_of_two_gpus_in_one_turn_read_back(example: str, plan: str) -> None:
    spmd = compiled(example, plan).spmd
    turns = tuple((scope.id, (0,)) for scope in spmd.scopes if scope.kind == "repeat")
    program = schedule(expand(spmd, Selection(gpus=(0, 1), turns=turns)))

    assert parse_dump(print_dump(program), "schedule.hxir") == program
    assert [f for fact in SCHEDULED_FACTS for f in fact.check(program)] == []
