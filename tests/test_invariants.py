"""The named facts: legal programs keep them, every way of breaking one is found, and no check ever fails."""

from __future__ import annotations

import attrs
import pytest
from device_mutators import DEVICE_MUTATORS
from dump_strategies import logical_programs, spmd_programs
from hypothesis import given
from hypothesis import strategies as st
from legal_programs import (
    communicated_program,
    device_program,
    logical_program,
    partitioned_program,
)
from mutators import LOGICAL_MUTATORS, SPMD_MUTATORS, Mutator

from helixc.codes import CODES
from helixc.ir.device import Selection
from helixc.ir.expansion import expand
from helixc.ir.fact import AnyInvariant
from helixc.ir.invariants import COMMUNICATED_FACTS, LOGICAL_FACTS, NO_RESHARD, SPMD_FACTS
from helixc.ir.invariants_device import LOCALIZED_FACTS, SCHEDULED_FACTS
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd
from helixc.passes.schedule import schedule


@pytest.mark.parametrize("fact", LOGICAL_FACTS, ids=lambda fact: fact.name)
def test_a_legal_logical_program_keeps_every_fact(fact: AnyInvariant) -> None:
    assert list(fact.check(logical_program())) == []


@pytest.mark.parametrize("fact", SPMD_FACTS, ids=lambda fact: fact.name)
def test_a_partitioned_program_keeps_every_fact(fact: AnyInvariant) -> None:
    assert list(fact.check(partitioned_program())) == []


@pytest.mark.parametrize("fact", COMMUNICATED_FACTS, ids=lambda fact: fact.name)
def test_a_program_with_its_communication_keeps_every_fact(fact: AnyInvariant) -> None:
    assert list(fact.check(communicated_program())) == []


def test_before_communicate_a_change_of_layout_is_abstract() -> None:
    assert list(NO_RESHARD.check(partitioned_program()))


@pytest.mark.parametrize("mutator", LOGICAL_MUTATORS, ids=lambda mutator: mutator.name)
def test_a_broken_logical_program_breaks_its_fact(mutator: Mutator) -> None:
    assert list(mutator.fact.check(mutator.mutate(logical_program())))


@pytest.mark.parametrize("mutator", SPMD_MUTATORS, ids=lambda mutator: mutator.name)
def test_a_broken_spmd_program_breaks_its_fact(mutator: Mutator) -> None:
    assert list(mutator.fact.check(mutator.mutate(communicated_program())))


@pytest.mark.parametrize("mutator", LOGICAL_MUTATORS, ids=lambda mutator: mutator.name)
def test_other_facts_survive_a_broken_logical_program(mutator: Mutator) -> None:
    broken = mutator.mutate(logical_program())

    found = [finding for fact in LOGICAL_FACTS for finding in fact.check(broken)]

    assert {finding.code for finding in found} <= set(CODES)


@pytest.mark.parametrize("mutator", SPMD_MUTATORS, ids=lambda mutator: mutator.name)
def test_other_facts_survive_a_broken_spmd_program(mutator: Mutator) -> None:
    broken = mutator.mutate(communicated_program())

    found = [finding for fact in COMMUNICATED_FACTS for finding in fact.check(broken)]

    assert {finding.code for finding in found} <= set(CODES)


@pytest.mark.parametrize("fact", SCHEDULED_FACTS, ids=lambda fact: fact.name)
def test_a_scheduled_program_keeps_every_fact(fact: AnyInvariant) -> None:
    assert list(fact.check(device_program())) == []


@pytest.mark.parametrize("fact", SCHEDULED_FACTS, ids=lambda fact: fact.name)
@pytest.mark.parametrize(
    "selection",
    [
        Selection(gpus=(1, 2)),
        Selection(turns=((1, (0, 2)),)),
        Selection(values=("q", "y", "y~1")),
        Selection(gpus=(3,), turns=((1, (1,)),), values=("s", "s~1")),
        Selection(gpus=()),
    ],
    ids=["gpus", "turns", "values", "all_three", "nothing"],
)
def test_a_selection_of_tasks_keeps_every_fact(fact: AnyInvariant, selection: Selection) -> None:
    selected = schedule(expand(communicated_program(), selection))

    assert list(fact.check(selected)) == []


@pytest.mark.parametrize("mutator", DEVICE_MUTATORS, ids=lambda mutator: mutator.name)
def test_a_broken_device_program_breaks_its_fact(mutator: Mutator) -> None:
    assert list(mutator.fact.check(mutator.mutate(device_program())))


@pytest.mark.parametrize("mutator", DEVICE_MUTATORS, ids=lambda mutator: mutator.name)
def test_other_facts_survive_a_broken_device_program(mutator: Mutator) -> None:
    broken = mutator.mutate(device_program())

    found = [finding for fact in SCHEDULED_FACTS for finding in fact.check(broken)]

    assert {finding.code for finding in found} <= set(CODES)


@pytest.mark.parametrize("mutator", SPMD_MUTATORS, ids=lambda mutator: mutator.name)
def test_tasks_of_a_broken_program_are_found_out(mutator: Mutator) -> None:
    sound = device_program()
    broken = attrs.evolve(sound, program=mutator.mutate(sound.program))

    assert [finding for fact in SCHEDULED_FACTS for finding in fact.check(broken)]


@given(st.data())
def test_any_change_to_the_edges_of_tasks_is_found(data: st.DataObject) -> None:
    program = device_program()
    name = data.draw(st.sampled_from(["template", "turn", "gpu", "after", "operand"]))
    column = getattr(program, name).copy()
    row = data.draw(st.integers(0, len(column) - 1))
    column[row] += data.draw(st.integers(-3, 3).filter(bool))

    broken = attrs.evolve(program, **{name: column})

    assert any(True for fact in LOCALIZED_FACTS for _ in fact.check(broken))


def test_every_fact_has_a_mutator_that_trips_it() -> None:
    mutators = (*LOGICAL_MUTATORS, *SPMD_MUTATORS, *DEVICE_MUTATORS)

    tripped = {mutator.fact for mutator in mutators}

    assert tripped == {*LOGICAL_FACTS, *COMMUNICATED_FACTS, *SCHEDULED_FACTS}


@given(logical_programs)
def test_no_check_fails_on_any_logical_program(program: Logical) -> None:
    for fact in LOGICAL_FACTS:
        assert all(finding.message for finding in fact.check(program))


@given(spmd_programs)
def test_no_check_fails_on_any_spmd_program(program: Spmd) -> None:
    for fact in COMMUNICATED_FACTS:
        assert all(finding.message for finding in fact.check(program))
