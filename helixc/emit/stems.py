"""File names of drawings: unique on every file system, and reserved on none."""

from __future__ import annotations

from collections.abc import Iterable

_DEVICES = (
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
)


def file_part(program: str) -> str:
    """A program's name as part of a file's: ``model_phase``."""
    return program.replace(".", "_")


def unique_stems(stems: Iterable[str]) -> tuple[str, ...]:
    """The same stems, a number appended where one differs from an earlier one in nothing but case."""
    taken: set[str] = set(_DEVICES)
    result: list[str] = []
    for stem in stems:
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.casefold())
        result.append(name)
    return tuple(result)
