"""Programs between passes: which are asked for, and the files they go into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from helixc.diagnostics import CompilerBug
from helixc.ir.device import DeviceProgram
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd
from helixc.passes.contract import AnyPass
from helixc.text.dump_device import print_device
from helixc.text.dump_printer import print_logical, print_spmd

ALL = "all"
SUFFIX = ".hxir"


def up_to(passes: Sequence[AnyPass], name: str) -> tuple[AnyPass, ...]:
    """The passes up to the one named, which is among them."""
    names = _names(passes)
    if name not in names:
        raise click.UsageError(_unknown(name, names))
    return tuple(passes[: names.index(name) + 1])


def asked_for(passes: Sequence[AnyPass], name: str | None) -> frozenset[str]:
    """The passes after which a program is to be written: one, all or none."""
    names = _names(passes)
    if name is None:
        return frozenset()
    if name != ALL and name not in names:
        raise click.UsageError(_unknown(name, (*names, ALL)))
    return frozenset(names if name == ALL else {name})


def dump_files(stages: Iterable[tuple[str, object]], asked: frozenset[str]) -> dict[str, str]:
    """File names and texts of the programs after the passes asked for; numbered by position."""
    return {
        f"{number:02}-{name}{SUFFIX}": print_dump(program)
        for number, (name, program) in enumerate(stages, start=1)
        if name in asked
    }


def print_dump(program: object) -> str:
    """The text of a program of any level below the source."""
    match program:
        case Logical():
            return print_logical(program)
        case Spmd():
            return print_spmd(program)
        case DeviceProgram():
            return print_device(program)
        case _:
            raise CompilerBug(f"there is no text of {type(program).__name__}")


def _names(passes: Iterable[AnyPass]) -> tuple[str, ...]:
    return tuple(step.name for step in passes)


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"there is no pass `{name}`; there are {', '.join(known)}"
