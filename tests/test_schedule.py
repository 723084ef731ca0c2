"""The schedule of whole programs: what the report says of time holds for every program that compiles."""

from __future__ import annotations

import random
from collections.abc import Mapping
from math import prod

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_programs import mlp_program
from test_programs import compiled_or_refused, drawn_from

from helixc.analysis.critical_path import CriticalPath, find_critical_path, flat_steps
from helixc.analysis.local_compute import operand_types
from helixc.analysis.prices import move_price
from helixc.analysis.report import build_report
from helixc.analysis.schedule import Schedule, find_schedule, stream_of
from helixc.ir.layout import local_bytes
from helixc.ir.ops import OPS
from helixc.ir.rules import factors
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement, walk
from helixc.passes.localize import localize
from helixc.passes.schedule import schedule
from helixc.price.collective import CollectivePrices
from helixc.price.interval import BOUNDS, Price, within

SEEDS = st.integers(0, 2**32)


def drawn_program(seed: int) -> Spmd | None:
    compiled = compiled_or_refused(drawn_from(seed))
    return None if compiled is None else compiled.spmd


def drawn_prices(program: Spmd, seed: int) -> Mapping[str, Price]:
    """Random prices with intervals; a collective's bound is the link."""
    pick = random.Random(seed)
    prices: dict[str, Price] = {}
    for statement in walk(program.body):
        if not isinstance(statement, Loop):
            time = pick.choice([0, pick.randrange(1, 100), pick.randrange(1, 10_000)])
            bound = "link" if stream_of(statement) == "communication" else pick.choice(BOUNDS[:3])
            prices[statement.result] = within(time, pick.random(), bound)
    return prices


def timed(program: Spmd, prices: Mapping[str, Price]) -> tuple[Schedule, CriticalPath]:
    found = find_schedule(program, lambda statement: prices[statement.result])
    return found, find_critical_path(program, found)


@settings(max_examples=60)
@given(seed=SEEDS)
def test_the_path_is_as_long_as_computing_and_exposed_communication(seed: int) -> None:
    program = drawn_program(seed)
    if program is None:
        return
    for prices in (find_schedule(program).prices, drawn_prices(program, seed)):
        found, path = timed(program, prices)
        compute, communication = path.compute_picoseconds, path.communication_picoseconds

        assert path.picoseconds == compute + path.exposed_picoseconds
        assert path.picoseconds == slice_count(program) * found.picoseconds
        assert path.exposed_picoseconds + path.hidden_picoseconds == communication
        assert max(compute, communication) <= path.picoseconds <= compute + communication
        assert 0 <= path.hidden_picoseconds <= compute
        assert sum(path.bounds.values()) == path.picoseconds
        assert path.low <= path.picoseconds <= path.high
        assert sum(n * step.price.low for step, n in flat_steps(path.steps)) <= path.low
        assert sum(n * step.price.high for step, n in flat_steps(path.steps)) <= path.high


@settings(max_examples=60)
@given(seed=SEEDS)
def test_in_a_fixed_order_no_dearer_statement_makes_a_program_shorter(seed: int) -> None:
    program = drawn_program(seed)
    if program is None:
        return
    prices = drawn_prices(program, seed)
    found, path = timed(program, prices)
    times = {value: price.picoseconds for value, price in prices.items()}
    assert found.length(times.__getitem__) == found.picoseconds
    for value, count in runs(program).items():
        dearer = {**times, value: times[value] + 7}
        longer = found.length(dearer.__getitem__)
        assert found.picoseconds <= longer <= found.picoseconds + 7 * count
    between = {v: random.Random(seed).randint(p.low, p.high) for v, p in prices.items()}
    together = slice_count(program) * found.length(between.__getitem__)
    assert path.low <= together <= path.high


def runs(program: Spmd) -> dict[str, int]:
    """How often each statement runs."""
    counts: dict[str, int] = {}

    def count(body: tuple[SpmdStatement, ...], times: int) -> None:
        for statement in body:
            if isinstance(statement, Loop):
                count(statement.body, times * statement.trips)
            else:
                counts[statement.result] = times

    count(program.body, 1)
    return counts


def renamed(program: Spmd, names: Mapping[str, str]) -> Spmd:
    """The program with its values called otherwise."""

    def again(body: tuple[SpmdStatement, ...]) -> tuple[SpmdStatement, ...]:
        return tuple(map(statement, body))

    def statement(old: SpmdStatement) -> SpmdStatement:
        match old:
            case Compute():
                operands = tuple(names[o] if isinstance(o, str) else o for o in old.op.operands)
                op = attrs.evolve(old.op, result=names[old.result], operands=operands)
                return attrs.evolve(old, op=op)
            case Move() | Reshard():
                return attrs.evolve(old, result=names[old.result], source=names[old.source])
            case Loop():
                carried = tuple(
                    attrs.evolve(
                        c,
                        entry=names[c.entry],
                        init=names[c.init],
                        yields=names[c.yields],
                        result=names[c.result],
                    )
                    for c in old.carried
                )
                return attrs.evolve(old, carried=carried, body=again(old.body))

    outputs = tuple(attrs.evolve(o, value=names[o.value]) for o in program.outputs)
    return attrs.evolve(program, body=again(program.body), outputs=outputs)


@settings(max_examples=40)
@given(seed=SEEDS)
def test_names_do_not_matter_and_twice_is_once(seed: int) -> None:
    program = drawn_program(seed)
    if program is None:
        return
    others = [f"n{number}" for number in range(len(program.types))]
    random.Random(seed).shuffle(others)
    names = dict(zip(program.types, others, strict=True))
    found, path = find_schedule(program), find_critical_path(program)
    other = renamed(program, names)
    known = find_schedule(other).positions()

    assert {names[value]: place for value, place in found.positions().items()} == known
    assert find_critical_path(other).picoseconds == path.picoseconds
    assert find_critical_path(program) == path


@settings(max_examples=40)
@given(seed=SEEDS)
def test_every_gpu_is_as_busy_as_the_one_that_stands_for_all(seed: int) -> None:
    """And no GPU does less than its even share of the model's multiplications."""
    program = drawn_program(seed)
    if program is None:
        return
    found, path = find_schedule(program), find_critical_path(program)
    tasks = schedule(localize(program))
    busy = {"compute": np.zeros(tasks.program.mesh.devices, dtype=np.int64)}
    busy["communication"] = busy["compute"].copy()
    for number in range(tasks.tasks):
        task = tasks.task(number)
        time = found.prices[task.template.value].picoseconds
        busy[task.template.stream][list(task.gpus)] += time

    slices = slice_count(program)
    assert set((slices * busy["compute"]).tolist()) == {path.compute_picoseconds}
    assert set((slices * busy["communication"]).tolist()) == {path.communication_picoseconds}
    assert multiplied(program, local=True) * program.mesh.devices >= multiplied(program)


def multiplied(program: Spmd, *, local: bool = False) -> int:
    """Multiply-adds of the matrix products, of the whole model or of one GPU."""
    counts, sizes = runs(program), program.sizes
    total = 0
    for statement in walk(program.body):
        if not isinstance(statement, Compute) or OPS[statement.op.kind].work != "matmul":
            continue
        op = statement.op
        rule = factors(op.kind, operand_types(statement, program), op.type, op.over, op.params)
        points = prod(
            sizes[next(d for d in (*f.operands, f.result) if d is not None)] for f in rule
        )
        split = {f.name for f in rule}
        ways = prod(program.mesh.sizes[atom] for atom, name in statement.way if name in split)
        total += counts[statement.result] * (points // ways if local else points)
    return total


@settings(max_examples=40)
@given(seed=SEEDS)
def test_tasks_of_a_gpu_follow_the_schedule_of_the_report(seed: int) -> None:
    program = drawn_program(seed)
    if program is None:
        return
    tasks = schedule(localize(program))
    seen = [
        (moment.statement.result, moment.turns)
        for moment in find_schedule(program).moments(lambda loop: range(loop.trips))
        if moment.begins and not isinstance(moment.statement, Loop)
    ]
    assert [(t.template.value, t.turns) for t in tasks.of_gpu(program.mesh.devices - 1)] == seen


def test_a_collective_has_the_interval_of_its_constants_at_the_time_it_was_chosen_by() -> None:
    program = mlp_program()
    (move,) = (s for s in walk(program.body) if isinstance(s, Move))
    collectives = CollectivePrices(program.mesh, program.cluster)
    block = local_bytes(move.type, program.layouts[move.source], program.sizes, program.mesh)
    known = collectives.price(move.step, block, program.layouts[move.source]).price
    asked = attrs.evolve(move, picoseconds=3 * known.picoseconds)
    assert move_price(attrs.evolve(move, picoseconds=known.picoseconds), program, collectives) == (
        known
    )
    found = move_price(asked, program, collectives)
    assert found == known.times(3)
    assert found.low < found.picoseconds < found.high


@pytest.mark.parametrize("turns", [1, 1000, 10**6])
def test_a_repeat_is_scheduled_once(turns: int) -> None:
    program = mlp_program(turns=turns)
    path = find_critical_path(program)
    assert path.picoseconds == turns * find_critical_path(mlp_program(turns=1)).picoseconds
    starts = [step.start for step, _ in flat_steps(path.steps)]
    assert starts == sorted(starts)
    assert starts[0] == 0


@settings(max_examples=30)
@given(seed=SEEDS)
def test_utilisation_is_a_share(seed: int) -> None:
    program = drawn_program(seed)
    if program is None:
        return
    report = build_report(program)
    time = report.critical_path.picoseconds
    rounding = len(report.matmuls)
    assert 0 <= report.utilisation * time <= report.peak_picoseconds + rounding
    assert report.peak_picoseconds <= time + rounding
