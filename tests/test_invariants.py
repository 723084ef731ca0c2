"""The named facts: legal programs keep them, every way of breaking one is found, and no check ever fails."""

from __future__ import annotations

import pytest
from dump_strategies import logical_programs, spmd_programs
from hypothesis import given
from legal_programs import communicated_program, logical_program, partitioned_program
from mutators import LOGICAL_MUTATORS, SPMD_MUTATORS, Mutator

from helixc.codes import CODES
from helixc.ir.fact import AnyInvariant
from helixc.ir.invariants import COMMUNICATED_FACTS, LOGICAL_FACTS, NO_RESHARD, SPMD_FACTS
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd


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


def test_every_fact_has_a_mutator_that_trips_it() -> None:
    tripped = {mutator.fact for mutator in (*LOGICAL_MUTATORS, *SPMD_MUTATORS)}

    assert tripped == {*LOGICAL_FACTS, *COMMUNICATED_FACTS}


@given(logical_programs)
def test_no_check_fails_on_any_logical_program(program: Logical) -> None:
    for fact in LOGICAL_FACTS:
        assert all(finding.message for finding in fact.check(program))


@given(spmd_programs)
def test_no_check_fails_on_any_spmd_program(program: Spmd) -> None:
    for fact in COMMUNICATED_FACTS:
        assert all(finding.message for finding in fact.check(program))
