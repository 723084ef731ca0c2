"""Exit statuses: part of the interface, so that scripts can tell what happened."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
BUG: Final = 70
INTERRUPTED: Final = 130

# Findings about what the command line names (files, folders, GPUs), if they have no place in a program.
NAMED_ON_THE_COMMAND_LINE: Final = frozenset(
    {
        "HX0001",
        "HX0013",
        "HX0014",
        "HX0016",
        "HX0017",
        "HX0422",
        "HX0904",
        "HX1103",
        "HX1104",
        "HX1105",
        "HX1112",
    }
)
