"""File names of drawings: unique on every file system, and reserved on none."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DEVICES = (
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
)


# Systems take names of 255 bytes; some of them are wanted for endings and numbers.
_LONGEST = 120
# Names in sources are made of these; a dump may hold any.
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


def legal_stem(stem: str) -> str:
    """The stem with what files may not be called replaced; of one that is too long its beginning and its end."""
    safe, half = _UNSAFE.sub("_", stem), _LONGEST // 2
    return safe if len(safe) <= _LONGEST else f"{safe[:half]}__{safe[-half:]}"


def file_part(program: str) -> str:
    """A program's name as part of a file's: ``model_phase``."""
    return program.replace(".", "_")


def unique_stems(stems: Iterable[str]) -> tuple[str, ...]:
    """The same stems as files may be called, a number appended where one differs from an earlier one in nothing but case."""
    taken: set[str] = set(_DEVICES)
    result: list[str] = []
    for stem in map(legal_stem, stems):
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.casefold())
        result.append(name)
    return tuple(result)
