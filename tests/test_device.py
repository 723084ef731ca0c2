"""The device level: tasks and edges are those that running the program would give."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from drawn import programs
from hypothesis import given
from hypothesis import strategies as st
from small_programs import cluster, gather_program, mesh, mlp_program, move

from helixc.diagnostics import CompilerBug, HelixError
from helixc.ir.device import (
    UNSCHEDULED,
    DeviceProgram,
    Selection,
    Template,
    lowest_member,
    templates_of,
)
from helixc.ir.expansion import MOST_TASKS, expand
from helixc.ir.layout import WHOLE, AllReduce, make_layout
from helixc.ir.logical import Op, Output, Scope
from helixc.ir.plan import Place, Plan
from helixc.ir.spmd import Compute, Loop, LoopValue, Spmd, SpmdStatement
from helixc.ir.tensor import Dim, TensorType
from helixc.passes.localize import localize
from helixc.passes.schedule import schedule

TYPE = TensorType("bf16", ("d",))

# What a task is called, independent of its number: value, turns, lowest GPU.
Key = tuple[str, tuple[int, ...], int]


def keys(device: DeviceProgram) -> list[Key]:
    views = (device.task(number) for number in range(device.tasks))
    return [(view.template.value, view.turns, min(view.gpus)) for view in views]


def edges(device: DeviceProgram) -> set[tuple[Key, Key, int]]:
    names = keys(device)
    return {
        (names[edge.task], names[number], edge.operand)
        for number in range(device.tasks)
        for edge in device.task(number).after
    }


def edges_by_running(program: Spmd) -> set[tuple[Key, Key, int]]:
    """The same, found by walking through the program once per GPU, turn by turn."""
    templates = {t.value: t for t in templates_of(program)}
    found: set[tuple[Key, Key, int]] = set()
    for gpu in range(program.mesh.devices):
        _run(program, program.body, templates, gpu, (), {}, found)
    return found


def _run(
    program: Spmd,
    body: tuple[SpmdStatement, ...],
    templates: dict[str, Template],
    gpu: int,
    turns: tuple[int, ...],
    known: dict[str, Key],
    found: set[tuple[Key, Key, int]],
) -> None:
    for statement in body:
        if isinstance(statement, Loop):
            for value in statement.carried:
                known[value.entry] = known[value.init]
            for turn in range(statement.trips):
                _run(program, statement.body, templates, gpu, (*turns, turn), known, found)
                after = [known[value.yields] for value in statement.carried]
                known.update(zip((v.entry for v in statement.carried), after, strict=True))
            for value in statement.carried:
                known[value.result] = known[value.entry]
            continue
        template = templates[statement.result]
        key = (statement.result, turns, lowest_member(program, template, gpu))
        found |= {(known[v], key, operand) for operand, v in enumerate(template.reads)}
        known[statement.result] = key


@st.composite
def nested_programs(draw: st.DrawFn, most_trips: int = 3, most_carried: int = 2) -> Spmd:
    """Loops in loops, carried values that change places, an all-reduce here and there."""
    counter = iter(range(10_000))

    def fresh() -> str:
        return f"v{next(counter)}"

    def statement(visible: list[str], depth: int) -> tuple[list[SpmdStatement], list[str]]:
        kind = draw(st.sampled_from(["op", "op", "sum", "loop"] if depth < 3 else ["op", "sum"]))
        if kind == "loop":
            return loop(visible, depth)
        read = tuple(draw(st.lists(st.sampled_from(visible), min_size=1, max_size=2)))
        layout = make_layout({}, ("b",)) if kind == "sum" else WHOLE
        op = Op(result=fresh(), kind="add", operands=(read[0], read[-1]), type=TYPE)
        made: list[SpmdStatement] = [Compute(op=op, way=(), layout=layout)]
        if kind == "sum":
            made.append(move(fresh(), op.result, AllReduce(("b",)), TYPE, WHOLE, 0))
        return made, [made[-1].result]

    def block(visible: list[str], depth: int) -> tuple[list[SpmdStatement], list[str]]:
        made: list[SpmdStatement] = []
        seen = list(visible)
        for _ in range(draw(st.integers(1, 3))):
            statements, results = statement(seen, depth)
            made += statements
            seen += results
        return made, seen

    def loop(visible: list[str], depth: int) -> tuple[list[SpmdStatement], list[str]]:
        count = draw(st.integers(1, most_carried))
        entries = [fresh() for _ in range(count)]
        body, seen = block([*visible, *entries], depth + 1)
        carried = tuple(
            LoopValue(
                entry=entry,
                init=draw(st.sampled_from(visible)),
                yields=draw(st.sampled_from(seen)),
                result=fresh(),
                type=TYPE,
                layout=WHOLE,
            )
            for entry in entries
        )
        trips = draw(st.integers(1, most_trips))
        made = Loop(trips=trips, carried=carried, body=tuple(body), scope=next(counter))
        return [made], [value.result for value in carried]

    first = Op(result="x", kind="input", type=TYPE, names=(Place(0, "x"),))
    body, seen = block(["x"], 0)
    axes = mesh(a=2, b=draw(st.integers(1, 3)))
    return Spmd(
        name="drawn",
        dims=(Dim("d", 4),),
        scopes=(Scope(id=0, parent=-1, kind="model", name="drawn"),),
        mesh=axes,
        body=(Compute(op=first, way=(), layout=WHOLE), *body),
        outputs=(Output("out", seen[-1]),),
        plan=Plan(name="none", axes=axes.axes),
        cluster=cluster(nodes=1, gpus=axes.devices),
    )


@given(nested_programs())
def test_edges_are_those_that_running_the_program_turn_by_turn_gives(program: Spmd) -> None:
    assert edges(expand(program)) == edges_by_running(program)


@given(nested_programs())
def test_every_edge_leads_to_a_later_task_and_no_task_is_there_twice(program: Spmd) -> None:
    device = expand(program)
    readers = np.repeat(np.arange(device.tasks), np.diff(device.start))
    assert np.all(device.after < readers)
    assert len(set(keys(device))) == device.tasks


@given(nested_programs(), st.data())
def test_a_selection_is_the_part_of_the_whole_that_it_names(
    program: Spmd, data: st.DataObject
) -> None:
    gpus = data.draw(st.sets(st.integers(0, program.mesh.devices - 1), min_size=1))
    loops = {loop for t in templates_of(program) for loop in t.loops}
    turns = {
        loop.scope: tuple(sorted(data.draw(st.sets(st.integers(0, loop.trips - 1)))))
        for loop in sorted(loops, key=lambda loop: loop.scope)
    }
    selection = Selection(gpus=tuple(sorted(gpus)), turns=tuple(sorted(turns.items())))
    part, whole = expand(program, selection), expand(program)
    kept = {
        key
        for number, key in enumerate(keys(whole))
        if set(whole.task(number).gpus) & gpus
        and all(
            turn in turns[loop.scope]
            for loop, turn in zip(whole.task(number).template.loops, key[1], strict=True)
        )
    }
    assert set(keys(part)) == kept
    # Edges of kept tasks stay, but for those that come from GPUs which are not looked at.
    inside = {edge for edge in edges(whole) if edge[0] in kept and edge[1] in kept}
    assert edges(part) <= inside
    if len(gpus) == program.mesh.devices:
        assert edges(part) == inside


def test_a_collective_is_one_task_per_group_with_members_in_rank_order() -> None:
    device = expand(gather_program(rows=2, columns=3))
    groups = [device.task(n).gpus for n in range(device.tasks) if len(device.task(n).gpus) > 1]
    assert groups == [(0, 1, 2), (3, 4, 5), (0, 3), (1, 4), (2, 5)]


def test_a_selection_of_values_leaves_out_all_other_statements() -> None:
    device = expand(mlp_program(), Selection(values=("act", "up")))
    assert {key[0] for key in keys(device)} == {"up", "act"}
    assert device.edges == 4


def test_gpus_beyond_the_mesh_have_no_tasks() -> None:
    program = attrs.evolve(mlp_program(ways=2), cluster=cluster(nodes=2, gpus=8))
    assert set(expand(program).gpu.tolist()) == {0, 1}


def test_local_sizes_are_those_of_one_block() -> None:
    sizes = expand(mlp_program(ways=4)).sizes
    assert sizes["w1"] == {"embed": 8, "hidden": 16}
    assert sizes["down"] == {"batch": 12, "embed": 8}


@pytest.mark.parametrize("program", programs(), ids=lambda p: f"{p.name}-{p.plan.name}")
def test_every_program_is_scheduled_along_a_topological_order(program: Spmd) -> None:
    device = schedule(localize(program))
    readers = np.repeat(np.arange(device.tasks), np.diff(device.start))
    assert sorted(device.order.tolist()) == list(range(device.tasks))
    assert np.all(device.order[device.after] < device.order[readers])


@pytest.mark.parametrize("program", programs(), ids=lambda p: f"{p.name}-{p.plan.name}")
def test_all_members_of_a_group_meet_its_collectives_in_one_order(program: Spmd) -> None:
    device = schedule(localize(program))
    met: dict[tuple[int, ...], list[list[int]]] = {}
    for gpu in range(program.mesh.devices):
        mine: dict[tuple[int, ...], list[int]] = {}
        for task in device.of_gpu(gpu):
            if task.template.stream == "communication":
                mine.setdefault(tuple(sorted(task.gpus)), []).append(task.id)
        for group, tasks in mine.items():
            met.setdefault(group, []).append(tasks)
    for group, orders in met.items():
        assert len(orders) == len(group)
        assert all(order == orders[0] for order in orders)


def shuffled(device: DeviceProgram, places: np.ndarray) -> DeviceProgram:
    """The same tasks in other rows: row i becomes row ``places[i]``."""
    back = np.argsort(places)
    spans = [slice(int(device.start[i]), int(device.start[i + 1])) for i in back]
    counts = [span.stop - span.start for span in spans]
    after = [places[device.after[span]] for span in spans]
    return attrs.evolve(
        device,
        template=device.template[back],
        turn=device.turn[back],
        gpu=device.gpu[back],
        start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        after=np.concatenate(after).astype(np.int32),
        operand=np.concatenate([device.operand[span] for span in spans]),
    )


@given(nested_programs(), st.randoms(use_true_random=False))
def test_rows_in_any_order_are_scheduled_too(program: Spmd, random: object) -> None:
    device = expand(program)
    places = np.arange(device.tasks)
    random.shuffle(places)
    mixed = schedule(shuffled(device, places))
    readers = np.repeat(np.arange(mixed.tasks), np.diff(mixed.start))
    assert sorted(mixed.order.tolist()) == list(range(mixed.tasks))
    assert np.all(mixed.order[mixed.after] < mixed.order[readers])


def test_tasks_that_wait_for_each_other_are_a_bug_of_the_compiler() -> None:
    device = expand(mlp_program())
    circle = device.after.copy()
    circle[0] = device.tasks - 1
    with pytest.raises(CompilerBug, match="before what they read"):
        schedule(attrs.evolve(device, after=circle))


def test_expanding_twice_gives_equal_programs_and_the_schedule_makes_a_difference() -> None:
    program = mlp_program()
    assert localize(program) == localize(program)
    assert localize(program) != schedule(localize(program))
    assert set(localize(program).order.tolist()) == {UNSCHEDULED}


def test_a_task_takes_less_than_two_hundred_bytes() -> None:
    device = schedule(localize(mlp_program(ways=64, turns=50)))
    assert device.nbytes < 200 * device.tasks


def test_more_tasks_than_are_expanded_at_once_are_refused_before_any_is_made() -> None:
    with pytest.raises(HelixError) as caught:
        expand(mlp_program(turns=MOST_TASKS))
    assert [d.code for d in caught.value.diagnostics] == ["HX0901"]
