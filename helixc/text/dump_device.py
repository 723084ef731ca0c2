"""The device level as text: the program that its tasks come from, then one line for each task.

A task names its template by number, and in a remark by the value that it makes.  ``after 3:0`` means:
operand 0 comes from task 3.
"""

from __future__ import annotations

from collections.abc import Iterator

from helixc.ir.device import DeviceProgram, Selection
from helixc.ir.spmd import Loop, walk
from helixc.text.dump_printer import VERSION, spmd_lines
from helixc.text.dump_words import show_list, show_value


def print_device(program: DeviceProgram) -> str:
    """A program of the device level as text; its size grows with the number of tasks."""
    lines = [f"helixc {VERSION} device", *spmd_lines(program.program), ""]
    lines += [_selection_line(program.selection), ""]
    return "\n".join([*lines, *_task_lines(program)]) + "\n"


def _selection_line(selection: Selection) -> str:
    text = "select"
    if selection.gpus is not None:
        text += f" gpus {show_list(str(gpu) for gpu in selection.gpus)}"
    if selection.turns:
        kept = (
            f"{scope} = {show_list(str(turn) for turn in turns)}"
            for scope, turns in selection.turns
        )
        text += f" turns {show_list(kept)}"
    if selection.values is not None:
        text += f" values {show_list(show_value(value) for value in selection.values)}"
    return text


def _task_lines(program: DeviceProgram) -> Iterator[str]:
    names = _names(program)
    columns = (program.template, program.turn, program.gpu, program.order)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    starts, after = program.start.tolist(), program.after.tolist()
    operand = program.operand.tolist()
    for number, (template, turn, gpu, order) in enumerate(rows):
        edges = range(starts[number], starts[number + 1])
        reads = "".join(f" {after[edge]}:{operand[edge]}" for edge in edges)
        where = f"template {template} turn {turn} gpu {gpu} order {order}"
        yield f"task {number} {where} after{reads}{names.get(template, '')}"


def _names(program: DeviceProgram) -> dict[int, str]:
    """The remark about each template; read off the statements, so that broken programs print too."""
    made = (s for s in walk(program.program.body) if not isinstance(s, Loop))
    return {index: f"  # {show_value(s.result)}" for index, s in enumerate(made)}
