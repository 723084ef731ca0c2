"""Exit statuses: part of the interface, so that scripts can tell what happened."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
BUG: Final = 70
INTERRUPTED: Final = 130

# Findings that speak of a file named on the command line, which is no finding about a program.
UNREADABLE: Final = "HX0001"
UNWRITABLE: Final = "HX0013"
