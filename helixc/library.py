"""What the library that comes with helixc declares: which import a name is to be had from."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import resources

STANDARD = "std"
"""The first step of the import paths that lead into the library."""

_DECLARATION = re.compile(r"^(gpu|link|cluster|layer|model) (\w+)", re.MULTILINE)


@functools.cache
def library_names() -> Mapping[tuple[str, str], str]:
    """The import path, such as ``std.layers``, by the kind and the name of what is declared there."""
    found: dict[tuple[str, str], str] = {}
    for file in sorted(resources.files("helixc").joinpath(STANDARD).iterdir(), key=str):
        if file.name.endswith(".hx"):
            path = f"{STANDARD}.{file.name.removesuffix('.hx')}"
            for kind, name in _DECLARATION.findall(file.read_text(encoding="utf-8")):
                found[kind, name] = path
    return found


def had_from(kind: str, name: str) -> str:
    """``; `import std.layers` has it`` if the library declares such a thing, else nothing."""
    path = library_names().get((kind, name))
    return f"; `import {path}` has it" if path else ""
