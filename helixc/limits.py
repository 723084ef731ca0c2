"""The bounds on what the compiler accepts; whoever enforces one names it in the message."""

from __future__ import annotations

from typing import Final

MAX_FILE_BYTES: Final = 4 * 2**20
"""Bytes in one source file."""

MAX_DUMP_BYTES: Final = 32 * 2**20
"""Bytes in one dump."""

MAX_TABLE_BYTES: Final = 16 * 2**20
"""Bytes in one table of measured times."""

MAX_FILES: Final = 64
"""Files of one program: the main file and everything that it imports."""

MAX_NESTING: Final = 100
"""Depth of brackets, of blocks, and of operators inside one expression."""

MAX_STATEMENTS: Final = 100_000
"""Statements of one file, declarations and plan lines included."""

MAX_LINE_CHARACTERS: Final = 2**16
"""Characters of one line, its comment not counted: bounds the time that one expression takes."""

MAX_GPUS: Final = 2**20
"""GPUs of one cluster."""

MAX_TURNS: Final = 2**20
"""Turns of one repeat, those of the repeats around it included: reports have a row for each."""

MAX_LAYERS: Final = 2**12
"""Layers of a model that is imported: each is looked at, and layers that differ are written out."""

MAX_CONFIG_BYTES: Final = 2**20
"""Bytes in one configuration of a model."""

MAX_TENSORS: Final = 2**20
"""Tensors of one checkpoint that is compared with a model."""

MAX_HEADER_BYTES: Final = 16 * 2**20
"""Bytes in the header of a safetensors file."""

MAX_SIZE: Final = 2**53
"""Whole numbers stay below this, so that every size is exact as a float too."""

MAX_ELEMENTS: Final = 2**80
"""Elements of one value: what a product of two takes is still a number of seconds."""

MAX_DRAWING_BYTES: Final = 64 * 2**20
"""Bytes in one drawing that is read back."""

MAX_DRAWING_SECONDS: Final = 60
"""Seconds that the layout of one drawing may take."""

MAX_TRACE_EVENTS: Final = 50_000
"""Events of one timeline, about: above it GPUs, and then turns, stand for each other."""

MAX_PAGE_NODES: Final = 10_000
"""Statements of one GPU that a page tells one by one, about: above it turns stand for each other."""

MAX_SHOWN_DIAGNOSTICS: Final = 20
"""Findings that are shown; of the others only the number is."""

MAX_PARSES: Final = 20
"""Times that one file is read again after a syntax error, to find the others."""

MAX_REPARSED_CHARACTERS: Final = 4 * 2**20
"""Characters that are read again in all after syntax errors: bounds the time for big files."""
