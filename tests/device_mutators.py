"""Mutators of the device level: each breaks one fact about the tasks of a legal program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from mutators import Mutator, arrive_somewhere_else, drop_move, hold_another_block

from helixc.ir import invariants_device as facts
from helixc.ir.device import DeviceProgram
from helixc.ir.invariants_shapes import LOCAL_SHAPES


def _column(program: DeviceProgram, name: str, change: Callable[[Any], None]) -> DeviceProgram:
    """The program with a copy of one column changed."""
    column = getattr(program, name).copy()
    change(column)
    return attrs.evolve(program, **{name: column})


def _set(program: DeviceProgram, name: str, row: int, entry: int) -> DeviceProgram:
    def change(column: Any) -> None:
        column[row] = entry

    return _column(program, name, change)


def _reader(program: DeviceProgram) -> int:
    """The last task that reads something."""
    return int(np.flatnonzero(np.diff(program.start))[-1])


def _group(program: DeviceProgram) -> int:
    """A task in which several GPUs take part."""
    return next(n for n in range(program.tasks) if len(program.task(n).gpus) > 1)


def come_from_no_statement(program: DeviceProgram) -> DeviceProgram:
    return _set(program, "template", 3, 99)


def run_in_a_turn_too_many(program: DeviceProgram) -> DeviceProgram:
    return _set(program, "turn", 10, 99)


def run_outside_the_mesh(program: DeviceProgram) -> DeviceProgram:
    return _set(program, "gpu", 3, 4)


def run_twice(program: DeviceProgram) -> DeviceProgram:
    return _set(program, "gpu", 3, int(program.gpu[2]))


def read_from_no_task(program: DeviceProgram) -> DeviceProgram:
    return _set(program, "after", 0, program.tasks)


def lose_the_edges(program: DeviceProgram) -> DeviceProgram:
    return attrs.evolve(program, after=program.after[:-1])


def come_from_an_unsound_program(program: DeviceProgram) -> DeviceProgram:
    return attrs.evolve(program, program=drop_move(program.program))


def arrive_with_another_block(program: DeviceProgram) -> DeviceProgram:
    return attrs.evolve(program, program=arrive_somewhere_else(program.program))


def multiply_blocks_that_do_not_fit(program: DeviceProgram) -> DeviceProgram:
    return attrs.evolve(program, program=hold_another_block(program.program))


def lead_by_another_member(program: DeviceProgram) -> DeviceProgram:
    task = _group(program)
    return _set(program, "gpu", task, program.task(task).gpus[1])


def orphan_a_member(program: DeviceProgram) -> DeviceProgram:
    """One GPU never does its part of the last statement."""
    last = program.tasks - 1
    kept = slice(0, last)
    edges = slice(0, int(program.start[last]))
    return attrs.evolve(
        program,
        template=program.template[kept],
        turn=program.turn[kept],
        gpu=program.gpu[kept],
        order=program.order[kept],
        start=program.start[: last + 1],
        after=program.after[edges],
        operand=program.operand[edges],
    )


def read_from_another_statement(program: DeviceProgram) -> DeviceProgram:
    return _set(program, "after", int(program.start[_reader(program)]), 0)


def read_from_another_gpu(program: DeviceProgram) -> DeviceProgram:
    edge = int(program.start[_reader(program)])
    source = program.task(int(program.after[edge]))
    other = next(
        task.id
        for task in map(program.task, range(program.tasks))
        if (task.template, task.turns) == (source.template, source.turns)
        and not set(task.gpus) & set(source.gpus)
    )
    return _set(program, "after", edge, other)


def read_an_operand_too_many(program: DeviceProgram) -> DeviceProgram:
    return _set(program, "operand", 0, 7)


def read_one_operand_twice(program: DeviceProgram) -> DeviceProgram:
    task = next(
        n for n in range(program.tasks) if len({edge.operand for edge in program.task(n).after}) > 1
    )
    edge = int(program.start[task])
    changed = _set(program, "operand", edge + 1, int(program.operand[edge]))
    return _set(changed, "after", edge + 1, int(program.after[edge]))


def wait_for_oneself(program: DeviceProgram) -> DeviceProgram:
    task = _reader(program)
    return _set(program, "after", int(program.start[task]), task)


def swap_two_tasks_in_the_order(program: DeviceProgram) -> DeviceProgram:
    task = _reader(program)
    source = int(program.after[program.start[task]])
    changed = _set(program, "order", task, int(program.order[source]))
    return _set(changed, "order", source, int(program.order[task]))


def give_two_tasks_one_place(program: DeviceProgram) -> DeviceProgram:
    return _set(program, "order", 1, int(program.order[0]))


def forget_the_order(program: DeviceProgram) -> DeviceProgram:
    return attrs.evolve(program, order=np.full(program.tasks, -1, dtype=np.int32))


DEVICE_MUTATORS = (
    Mutator(facts.EVERY_TASK_HAS_ORIGIN, come_from_no_statement),
    Mutator(facts.EVERY_TASK_HAS_ORIGIN, run_in_a_turn_too_many),
    Mutator(facts.EVERY_TASK_HAS_ORIGIN, run_outside_the_mesh),
    Mutator(facts.EVERY_TASK_HAS_ORIGIN, run_twice),
    Mutator(facts.EVERY_TASK_HAS_ORIGIN, read_from_no_task),
    Mutator(facts.EVERY_TASK_HAS_ORIGIN, lose_the_edges),
    Mutator(facts.EVERY_TASK_HAS_ORIGIN, come_from_an_unsound_program),
    Mutator(LOCAL_SHAPES, arrive_with_another_block),
    Mutator(LOCAL_SHAPES, multiply_blocks_that_do_not_fit),
    Mutator(facts.MEMBERS, lead_by_another_member),
    Mutator(facts.MEMBERS, orphan_a_member),
    Mutator(facts.MATCHED, read_from_another_statement),
    Mutator(facts.MATCHED, read_from_another_gpu),
    Mutator(facts.MATCHED, read_an_operand_too_many),
    Mutator(facts.MATCHED, read_one_operand_twice),
    Mutator(facts.ACYCLIC, wait_for_oneself),
    Mutator(facts.SAME_COLLECTIVE_ORDER, swap_two_tasks_in_the_order),
    Mutator(facts.SAME_COLLECTIVE_ORDER, give_two_tasks_one_place),
    Mutator(facts.SAME_COLLECTIVE_ORDER, forget_the_order),
)
