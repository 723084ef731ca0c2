"""The module that runs a partitioned program on ``torch.distributed``: one text for all processes.

It is ordinary PyTorch and depends on nothing else: a mesh with its groups, a function per layer with the
collectives by name, a loader that gives every process its part of the weights, and a ``main`` for
``torchrun``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from importlib import resources

from helixc.analysis.schedule import find_schedule
from helixc.ir.advance import STILL, Advance
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Move, Spmd, walk
from helixc.pytorch.functions import functions_of
from helixc.pytorch.moves import groups_of, tuple_text
from helixc.pytorch.recipes import NO_CHECKPOINT, Checkpoint
from helixc.pytorch.weights import Source, inputs_of, states_of, weights_of

_WIDTH = 100
_HEAD = """\
import argparse
import datetime
import glob
import math
import os
import time
import zlib

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.elastic.multiprocessing.errors import record

"""
_DTYPES = """\
# PyTorch computes nothing in f8 and f4: those are bf16 here.
DTYPES = {
    "f64": torch.float64,
    "f32": torch.float32,
    "bf16": torch.bfloat16,
    "f16": torch.float16,
    "f8": torch.bfloat16,
    "f4": torch.bfloat16,
    "i32": torch.int32,
    "i8": torch.int8,
    "bool": torch.bool,
}
FLOATING = ("f64", "f32", "bf16", "f16", "f8", "f4")
# Newer names of PyTorch, else the older ones.
GATHER = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor
SCATTER = getattr(dist, "reduce_scatter_single", None) or dist.reduce_scatter_tensor
REDUCE = {"sum": dist.ReduceOp.SUM, "max": dist.ReduceOp.MAX, "min": dist.ReduceOp.MIN}
"""


def module_text(
    program: Spmd,
    advance: Advance = STILL,
    checkpoint: Checkpoint = NO_CHECKPOINT,
    *,
    timed: bool = False,
) -> str:
    """The module of a partitioned program whose collectives are explicit.

    ``advance``: what moves on from step to step.  ``checkpoint``: how weights come out of one.  ``timed``:
    it notes from when until when each statement runs.
    """
    functions = functions_of(program, find_schedule(program), advance, timed=timed)
    parts = [
        _docstring(program),
        _HEAD + _facts(program, advance, checkpoint),
        _resource("prelude.py.txt"),
        _resource("functions.py.txt"),
        *(function.text() for function in functions),
        _resource("main.py.txt"),
        _resource("timed.py.txt" if timed else "run.py.txt"),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _docstring(program: Spmd) -> str:
    mesh = program.mesh
    axes = ", ".join(f"{atom.name} = {atom.size}" for atom in mesh.atoms)
    count = mesh.devices
    lines = [
        f'"""Model {program.name}, split as plan {program.plan.name} says, over {count} processes ({axes}).',
        "",
        f"    torchrun --nproc-per-node {count} THIS_FILE --help",
        "",
        "Every process runs this text.  The comment beside a tensor gives the shape of its own block; the",
        "comment above a collective says why it is there.",
        '"""',
    ]
    return "\n".join(lines)


def _facts(program: Spmd, advance: Advance, checkpoint: Checkpoint) -> str:
    groups: dict[tuple[str, ...], None] = {}
    for statement in walk(program.body):
        if isinstance(statement, Move) and groups_of(statement.step):
            groups[groups_of(statement.step)] = None
    sizes = ", ".join(f'"{atom.name}": {atom.size}' for atom in program.mesh.atoms)
    shown = "".join(f"\n    {tuple_text(axes)}," for axes in groups)
    return "\n".join(
        [
            "# The axes of the mesh, outermost first, and the axes over which collectives run together.",
            f"AXES = {{{sizes}}}",
            f"GROUPS = [{shown}\n]" if groups else "GROUPS = []",
            _DTYPES,
            "# Whole tensors by name: shape, the axes over which each dimension is split, dtype, the spread",
            "# of random numbers, and the dimension that comes in slices of a step (-1: none).",
            _table("INPUTS", inputs_of(program)),
            _table("WEIGHTS", weights_of(program)),
            "# What is kept from step to step, and by how many places a step goes on.",
            _table("STATES", states_of(program)),
            f"PLACES = {advance.places(program)}",
            "# Shapes in the model of what is filled up with zeros here.",
            _dictionary("REAL", _real_rows(program)),
            "# Weights out of a checkpoint with names of its own: tensors, each in a shape and cut along its",
            "# axes; what they give one after the other, in a shape, and the order of its axes.",
            f'PREFIX = "{checkpoint.prefix}"',
            _dictionary("CHECKPOINT", _checkpoint_rows(program, checkpoint)),
            "# A step runs so many slices, one after the other.",
            f"SLICES = {slice_count(program)}",
        ]
    )


def _table(name: str, sources: Iterable[Source]) -> str:
    return _dictionary(name, _rows(sources))


def _dictionary(name: str, rows: Iterable[str]) -> str:
    rows = list(rows)
    return "\n".join([f"{name} = {{", *rows, "}"]) if rows else f"{name} = {{}}"


def _real_rows(program: Spmd) -> Iterator[str]:
    for source in (*inputs_of(program), *weights_of(program)):
        if source.real != source.shape:
            yield f'    "{source.name}": {source.real},'


def _checkpoint_rows(program: Spmd, checkpoint: Checkpoint) -> Iterator[str]:
    for source in weights_of(program):
        recipe = checkpoint.recipes.get((source.op.result, source.turns))
        if recipe is not None:
            names = "[" + ", ".join(f'"{name}"' for name in recipe.tensors) + "]"
            how = f"{recipe.shape}, {recipe.cut}, {recipe.factors}, {recipe.order}"
            row = f'    "{source.name}": ({names}, {how}),'
            yield row if len(row) <= _WIDTH else textwrap.indent(_long(row.strip()), "    ")


def _rows(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        shape = f"({', '.join(map(str, source.shape))}{',' if len(source.shape) == 1 else ''})"
        axes = ", ".join(tuple_text(atoms) if atoms else "()" for atoms in source.split)
        split = f"({axes}{',' if len(source.split) == 1 else ''})"
        numbers = f'"{source.dtype}", {source.scale:.6g}, {source.sliced}'
        row = f'    "{source.name}": ({shape}, {split}, {numbers}),'
        yield row if len(row) <= _WIDTH else textwrap.indent(_long(row.strip()), "    ")


def _long(row: str) -> str:
    head, _, rest = row.partition(": (")
    return f"{head}: (\n    {rest[:-2]},\n),"


def _resource(name: str) -> str:
    return resources.files("helixc.pytorch").joinpath(name).read_text(encoding="utf-8")
