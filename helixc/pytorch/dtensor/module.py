"""The model as modules of PyTorch, with the placements that give them the plan's layouts under DTensor.

The text is plain PyTorch on whole tensors and runs as it stands on one device.  ``partition`` makes its
parameters DTensors; where the plan moves data a tensor changes its placements, and everything between
follows from DTensor's own rules, which keep the layouts of the plan there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources

from helixc.diagnostics import HelixError
from helixc.ir.logical import Output
from helixc.ir.spmd import Compute, Spmd, walk
from helixc.pytorch.dtensor.classes import Classes
from helixc.pytorch.dtensor.names import class_name, pattern_of
from helixc.pytorch.dtensor.obstacles import find_obstacles
from helixc.pytorch.dtensor.placements import placements_text
from helixc.pytorch.dtensor.program import joined_steps
from helixc.pytorch.weights import Source, inputs_of, resting_of

_STEP = "    "


def dtensor_text(program: Spmd, *, checked: bool = False) -> str:
    """The module of a partitioned program whose collectives are explicit.

    ``checked``: after each statement it checks that its result lies as the plan says.  Raises ``HelixError``
    with all that DTensor cannot express.
    """
    program = joined_steps(program)
    classes = Classes(program, checked=checked)
    _write_forward(classes)
    obstacles = find_obstacles(program, classes.refused)
    if obstacles:
        raise HelixError(obstacles)
    title = class_name(program.name.partition(".")[0])
    parts = [
        _docstring(program),
        _resource("head.py.txt") + _facts(program),
        _resource("prelude.py.txt"),
        *classes.texts(title),
        _resource("main.py.txt").replace("MODEL", title),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _write_forward(classes: Classes) -> None:
    """Write what the model does, and with it all that it calls."""
    program = classes.program
    outputs = tuple(output.value for output in program.outputs)
    events = list(classes.events(program.body, 0))
    writer = classes.writer(events, outputs, 0)
    lines = list(classes.lines(events, writer, 0))
    rows = [f'{_STEP}"{o.name}": {writer.names.of(o.value)},' for o in program.outputs]
    classes.add(0, ("inputs",), (*lines, "return {", *rows, "}"))


def _docstring(program: Spmd) -> str:
    mesh = program.mesh
    axes = ", ".join(f"{atom.name} = {atom.size}" for atom in mesh.atoms)
    changed = ", as its `local` lines rewrite it" if program.approximations else ""
    return "\n".join(
        [
            f'"""Model {program.name}{changed}, and plan {program.plan.name} for DTensor ({axes}).',
            "",
            f"    torchrun --nproc-per-node {mesh.devices} THIS_FILE --help",
            "",
            "The classes are plain PyTorch on whole tensors.  `partition` makes the parameters DTensors, and",
            "`placed` stands where the plan moves data; the comment beside a tensor says how it is split then.",
            '"""',
        ]
    )


def _facts(program: Spmd) -> str:
    sizes = ", ".join(f'"{atom.name}": {atom.size}' for atom in program.mesh.atoms)
    return "\n".join(
        [
            "# The axes of the mesh, outermost first; placements stand in this order.",
            f"AXES = {{{sizes}}}",
            "# Inputs by name: shape, dtype, placements.",
            *_table("INPUTS", map(_input_row, _placed(program, inputs_of(program)))),
            "# Outputs by name, and their placements.",
            *_table("OUTPUTS", (_output_row(program, output) for output in program.outputs)),
            "# Parameters by name, `*` for every turn of a repeat, and their placements.",
            *_table("PARAMETERS", _parameter_rows(program)),
        ]
    )


def _table(name: str, rows: Iterable[str]) -> Iterator[str]:
    found = list(dict.fromkeys(rows))
    yield from (f"{name} = {{", *found, "}") if found else (f"{name} = {{}}",)


def _placed(program: Spmd, sources: Iterable[Source]) -> Iterator[tuple[Source, str]]:
    """Sources, each with the placements of its tensor."""
    layouts = {s.result: s.layout for s in walk(program.body) if isinstance(s, Compute)}
    for source in sources:
        dims = source.op.type.dims
        yield source, _bracketed(placements_text(layouts[source.op.result], dims, program.mesh))


def _bracketed(placements: str) -> str:
    return f"({placements})" if ", " in placements else f"({placements},)"


def _output_row(program: Spmd, output: Output) -> str:
    layout, dims = program.layouts[output.value], program.types[output.value].dims
    return f'{_STEP}"{output.name}": {_bracketed(placements_text(layout, dims, program.mesh))},'


def _input_row(row: tuple[Source, str]) -> str:
    source, placements = row
    return f'{_STEP}"{source.name}": ({_tuple(source.shape)}, "{source.dtype}", {placements}),'


def _parameter_rows(program: Spmd) -> Iterator[str]:
    for source, placements in _placed(program, resting_of(program)):
        yield f'{_STEP}"{pattern_of(program, source)}": {placements},'


def _tuple(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, numbers))
    return f"({shown},)" if len(numbers) == 1 else f"({shown})"


def _resource(name: str) -> str:
    return resources.files("helixc.pytorch.dtensor").joinpath(name).read_text(encoding="utf-8")
